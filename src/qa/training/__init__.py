"""How the shipped French model is made: ``qa train`` repeats it. Nothing here runs in the product.

In data-flow order: ``data`` reads, ``vocabulary`` and
``alignment`` turn an English model into a French one, ``distillation`` teaches it with parallel
text, ``mining`` and ``finetuning`` teach it to find passages, ``export`` writes the folder that the
product loads, ``report`` measures every step, ``recipe`` runs them all and can be interrupted.
"""
