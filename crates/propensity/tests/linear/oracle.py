"""Makes oracle.json: what scikit-learn, numpy, brute force and the reference say on small data.

    pip install numpy==2.4.6 pandas==3.1.1 scikit-learn==1.9.1 lightgbm==4.7.0
    python oracle.py ../shared/reference > oracle.json

The folder is the one of the reference implementation of docs/method.md (`models.py`).
"""

import json
import sys
from itertools import product

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, brier_score_loss, log_loss, roc_auc_score

STRENGTHS = (1, 5, 25, 125)


def matrix(rng, rows=300):
    """Heavy tails, gaps, a 0/1 column, a narrow column far from zero; exact in f32."""
    x = rng.normal(size=(rows, 7))
    x[:, 0] = np.sinh(3 * x[:, 0])
    x[:, 1] = rng.poisson(2, rows)
    x[:, 2] = x[:, 0] * 0.5 + x[:, 2]
    x[:, 3] = 1000 + x[:, 3] / 8
    x[:, 4] = x[:, 4] > 0.8
    logit = -1 + 0.8 * np.arcsinh(x[:, 0]) - 0.5 * x[:, 1] + x[:, 4] + (x[:, 3] - 1000) * 3
    y = rng.random(rows) < 1 / (1 + np.exp(-logit))
    x[rng.random(rows) < 0.2, 5] = np.nan
    x[rng.random(rows) < 0.05 + 0.2 * y, 6] = np.nan
    return x.astype(np.float32).astype(float), y


def standardise(x):
    """Recipe 11.3: transform, fill, indicate, standardise, clip."""
    x = np.sign(x) * np.log1p(np.abs(x))
    missing = np.isnan(x)
    filled = np.where(missing, np.nanmean(x, axis=0), x)
    raw = np.hstack([filled, missing[:, missing.any(axis=0)]])
    return np.clip((raw - raw.mean(axis=0)) / raw.std(axis=0), -8, 8)


def logistic(rng):
    x, y = matrix(rng)
    z = standardise(x)
    fits = []
    for strength in STRENGTHS:
        model = LogisticRegression(
            C=strength / len(y), solver="newton-cholesky", tol=1e-12, max_iter=200
        ).fit(z, y)
        fits.append(
            {
                "strength": strength,
                "weights": model.coef_[0].tolist(),
                "intercept": model.intercept_[0],
                "logits": model.decision_function(z)[:20].tolist(),
            }
        )
    values = [[None if np.isnan(v) else v for v in row] for row in x.tolist()]
    return {"values": values, "outcomes": y.tolist(), "fits": fits}


def calibration_error(y, p, bins=10):
    parts = np.array_split(np.argsort(p, kind="stable"), bins)
    return sum(len(b) * abs(y[b].mean() - p[b].mean()) for b in parts if len(b)) / len(y)


def components(score, y):
    """DeLong's components straight from the definition: a matrix of all pairs."""
    above = np.subtract.outer(score[y], score[~y])
    kernel = (above > 0) + 0.5 * (above == 0)
    return kernel.mean(axis=1), kernel.mean(axis=0)


def variance(positives, negatives):
    return positives.var(ddof=1) / len(positives) + negatives.var(ddof=1) / len(negatives)


def metrics(rng, rows, digits):
    """Two correlated probabilities, rounded so that ties are many or few."""
    hidden = rng.normal(size=rows)
    y = rng.random(rows) < 1 / (1 + np.exp(1.5 - 1.3 * hidden))
    first, second = (
        np.round(1 / (1 + np.exp(1.5 - hidden - rng.normal(size=rows) * s)), digits)
        for s in (0.5, 1.5)
    )
    auc, other = roc_auc_score(y, first), roc_auc_score(y, second)
    (p1, n1), (p2, n2) = components(first, y), components(second, y)
    logit = np.log(auc / (1 - auc))
    spread = 1.959963984540054 * variance(p1, n1) ** 0.5
    ends = [1 / (1 + np.exp(-(logit + s * spread / (auc * (1 - auc))))) for s in (-1, 1)]
    width = 1.959963984540054 * variance(p1 - p2, n1 - n2) ** 0.5
    return {
        "outcomes": y.tolist(),
        "first": first.tolist(),
        "second": second.tolist(),
        "roc_auc": [auc, *ends],
        "difference": [auc - other, auc - other - width, auc - other + width],
        "average_precision": average_precision_score(y, first),
        "log_loss": log_loss(y, first),
        "brier": brier_score_loss(y, first),
        "calibration_error": calibration_error(y, first),
    }


def splits(rng, reference):
    """Cutoffs `stride` days apart; of each the first rows are positive. Counts of rows."""
    found = []
    for _ in range(60):
        cutoffs = int(rng.integers(1, 25))
        rows = rng.integers(0, rng.choice([20, 300]), cutoffs) + 1
        positives = np.minimum(rows, rng.poisson(rows * rng.choice([0.03, 0.3, 0.9])))
        stride, window = float(rng.integers(1, 8)), float(rng.integers(1, 15))
        at = np.repeat(np.arange(cutoffs) * stride, rows)
        y = np.concatenate([np.arange(r) < p for r, p in zip(rows, positives)])
        fit, hold = reference.split_holdout(at, np.arange(len(at)), y, window)
        found.append(
            {
                "rows": rows.tolist(),
                "positives": positives.tolist(),
                "stride": int(stride),
                "window": int(window),
                "by_profile": bool((fit == ~hold).all() and (at[fit].max() >= at[hold].min())),
                "fit": int(fit.sum()),
                "hold": int(hold.sum()),
            }
        )
    return found


def encoder(rng, reference, rows=240):
    """Columns that the encoder keeps, drops, or turns into 0/1 columns."""
    number = rng.poisson(3, rows).astype(float)
    few = np.where(np.arange(rows) < 19, number, np.nan)
    enough = np.where(np.arange(rows) < 20, number, np.nan)
    gaps = np.where(rng.random(rows) < 0.2, np.nan, 1.0)
    common = np.where(rng.random(rows) < 0.1, np.nan, rng.integers(0, 30, rows) % 13 % 9)
    many = rng.integers(0, 11, rows).astype(float)
    rare = np.where(np.arange(rows) < 25, np.arange(rows) % 2, np.nan)
    features = [number, few, enough, gaps, np.full(rows, 4.0), common, number.copy(), many, rare]
    categories = [None, None, None, None, None, 9, None, 11, 2]
    frame = pd.DataFrame({str(i): column for i, column in enumerate(features)})
    for i, values in enumerate(categories):
        if values:
            # Two digits, so that the order of the names is that of the indices.
            texts = [None if np.isnan(v) else f"{int(v):02}" for v in features[i]]
            frame[str(i)] = pd.Series(texts, dtype=object)
    fitted = reference.Encoder().fit(frame)
    values = [[None if np.isnan(v) else v for v in row] for row in np.stack(features, 1).tolist()]
    return {
        "values": values,
        "categories": categories,
        "columns": [[int(f), None if v is None else int(v)] for f, v in fitted.origin],
        "sums": np.nansum(fitted.transform(frame), axis=0).tolist(),
    }


def main():
    sys.path.insert(0, sys.argv[1])
    import models as reference

    rng = np.random.default_rng(5)
    cases = [metrics(rng, rows, digits) for rows, digits in product((57, 203), (1, 6))]
    oracle = {
        "logistic": logistic(rng),
        "metrics": cases,
        "splits": splits(rng, reference),
        "encoder": encoder(rng, reference),
    }
    print(json.dumps(oracle))


if __name__ == "__main__":
    main()
