"""Makes the matrix of the logistic benchmark, then times scikit-learn on it, on one thread.

    pip install numpy==2.4.6 scikit-learn==1.9.1
    python logistic.py /tmp/matrix.bin 500000 60
    OPENBLAS_NUM_THREADS=1 python logistic.py /tmp/matrix.bin
    MATRIX=/tmp/matrix.bin cargo bench -p propensity --bench logistic

Correlated columns, a third of them with heavy tails, about 8 % positives. The file: rows and columns
as u32, then the values as f32 row after row, then one byte per outcome.
"""

import sys
import time

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

STRENGTHS = (1, 5, 25, 125)


def make(path, rows, columns):
    rng = np.random.default_rng(11)
    loadings = rng.normal(0, 1, (columns, 8))
    z = rng.normal(0, 1, (rows, 8)) @ loadings.T * 0.35 + rng.normal(0, 1, (rows, columns))
    heavy = np.arange(columns) % 3 == 0
    z[:, heavy] = np.sinh(z[:, heavy] * 0.6)
    z = (z - z.mean(0)) / z.std(0)
    slopes = rng.normal(0, 0.25, columns) * (rng.random(columns) < 0.5)
    y = rng.random(rows) < 1 / (1 + np.exp(3 - z @ slopes))
    with open(path, "wb") as file:
        np.array([rows, columns], np.uint32).tofile(file)
        z.astype(np.float32).tofile(file)
        y.astype(np.uint8).tofile(file)


def read(path):
    rows, columns = np.fromfile(path, np.uint32, 2).astype(int)
    x = np.fromfile(path, np.float32, rows * columns, offset=8).reshape(rows, columns)
    y = np.fromfile(path, np.uint8, rows, offset=8 + 4 * rows * columns).astype(bool)
    return x, y


def peak():
    """Peak of resident memory in MB."""
    with open("/proc/self/status") as status:
        line = next(line for line in status if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def reset_peak():
    """Sets the peak to what is resident now."""
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")
    return peak()


def report(what, since, before, note=""):
    wall, cpu = (a - b for a, b in zip((time.perf_counter(), time.process_time()), since))
    print(f"{what:34} {wall:6.2f} s {cpu:6.2f} CPU s {peak() - before:6.0f} MB more {note}")


def now():
    return time.perf_counter(), time.process_time()


def main():
    path, *shape = sys.argv[1:]
    if shape:
        make(path, *map(int, shape))
        return
    x, y = read(path)
    before, since = reset_peak(), now()
    z = x.astype(float)
    z = np.sign(z) * np.log1p(np.abs(z))
    z = np.clip((z - z.mean(axis=0)) / z.std(axis=0), -8, 8)
    report("numpy: transform, standardise", since, before)
    for strengths in (STRENGTHS[2:3], STRENGTHS):
        before, since = reset_peak(), now()
        for strength in strengths:
            model = LogisticRegression(
                C=strength / len(y), solver="newton-cholesky", tol=1e-8, max_iter=200
            ).fit(z, y)
        auc = roc_auc_score(y, model.decision_function(z))
        what = f"newton-cholesky, K {', '.join(map(str, strengths))}"
        report(what, since, before, f"AUC {auc:.6f} w0 {model.coef_[0][0]:+.9f} {model.n_iter_}")


if __name__ == "__main__":
    main()
