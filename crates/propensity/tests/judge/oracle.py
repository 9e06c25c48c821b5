"""Makes oracle.json: what scikit-learn and scipy say of predictions and outcomes.

    pip install numpy==2.4.6 scikit-learn==1.9.1
    python oracle.py > oracle.json

Two cases: probabilities all different, and rounded ones with many ties.
"""

import json

import numpy as np
from scipy.stats import binomtest
from sklearn.calibration import calibration_curve
from sklearn.metrics import (
    average_precision_score,
    brier_score_loss,
    log_loss,
    precision_score,
    recall_score,
    roc_auc_score,
    roc_curve,
)

BASE_RATE = 0.3


def share(positives, rows):
    ends = binomtest(int(positives), int(rows)).proportion_ci(method="wilson")
    return [positives / rows, ends.low, ends.high]


def score(probability):
    odds = probability / (1 - probability) * (1 - BASE_RATE) / BASE_RATE
    return np.floor(100 * odds / (odds + 1) + 0.5)


def thresholds(y, p):
    found = []
    for wanted in range(101):
        taken = score(p) >= wanted
        if taken.any():
            found.append([int(taken.sum()), precision_score(y, taken), recall_score(y, taken)])
    return found


def case(y, p, ties):
    false_positive, true_positive, probability = roc_curve(y, p, drop_intermediate=False)
    order = np.argsort(-p, kind="stable")
    top = order[: len(p) // 10]
    return {
        "probabilities": p.tolist(),
        "outcomes": y.tolist(),
        "measures": {
            "auc": roc_auc_score(y, p),
            "average_precision": average_precision_score(y, p),
            "log_loss": log_loss(y, p),
            "brier": brier_score_loss(y, p),
        },
        "base_rate": share(y.sum(), len(y)),
        "top_tenth": None if ties else share(y[top].sum(), len(top)),
        "roc": np.column_stack([probability, false_positive, true_positive])[1:].tolist(),
        "calibration": None
        if ties
        else np.column_stack(calibration_curve(y, p, n_bins=10, strategy="quantile")[::-1]).tolist(),
        "tenths": None if ties else [int(y[part].sum()) for part in np.array_split(order, 10)],
        "thresholds": thresholds(y, p),
    }


def main():
    rng = np.random.default_rng(19)
    p = 1 / (1 + np.exp(-rng.normal(-1, 1.3, 180)))
    y = rng.random(180) < p**1.2
    rounded = np.clip(np.round(p, 1), 0.05, 0.95)
    print(json.dumps([case(y, p, False), case(y, rounded, True)]))


main()
