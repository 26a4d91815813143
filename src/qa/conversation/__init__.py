"""What a message means in its conversation: its questions, and the words it needs from before.

No question is rewritten: what a follow-up needs of what was said is chosen by the network
(``qa.encoder``), word by word, and stands beside the question in search and reading.
"""

from qa.conversation.context import Context
from qa.conversation.followup import FollowUps
from qa.conversation.joining import join_answers
from qa.conversation.splitting import split_questions
from qa.conversation.understanding import understand

__all__ = ["Context", "FollowUps", "join_answers", "split_questions", "understand"]
