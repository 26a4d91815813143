"""How the shipped French model is made: ``qa train`` repeats it. Nothing here runs in the product.

In data-flow order: ``base`` takes the French part of a multilingual model, ``data``, ``questions``
and ``followups`` read what it learns from, ``mining`` finds the passages that only look like an
answer, ``learning`` (with ``settings``, ``encoder``, ``finding``, ``reading``, ``losses`` and
``loop``) teaches it to find, to read and to follow, ``export``, ``quantisation`` and ``onnx_graph``
write the folder that the product loads, ``report`` and ``card`` measure and tell, ``recipe`` runs
them all and can be interrupted.
"""
