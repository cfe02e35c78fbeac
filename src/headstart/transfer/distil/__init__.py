"""A smaller student that learns what a teacher says (Hinton et al. 2015, Distilling the Knowledge in a Neural Network).

`lesson.py` is what the teacher says of each row, `frozen.py` a head on the student's frozen features, `tuned.py` the
student's last parts. What they leave is a `probe` and a `finetune` model: nobody who loads one needs the teacher. No
strategies of a fit, for they want a teacher.
"""
