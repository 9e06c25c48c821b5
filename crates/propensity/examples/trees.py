"""LightGBM on the rows that the example `trees` wrote: the same parameters, one thread, CPU seconds.

Usage: trees.py ROWS COLUMNS ROUNDS [explain]; needs lightgbm 4 and numpy.
"""

import sys
import time

import lightgbm as lgb
import numpy as np

PARAMS = {
    "objective": "binary",
    "learning_rate": 0.03,
    "num_leaves": 15,
    "max_depth": 5,
    "min_data_in_leaf": 40,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "feature_fraction": 0.5,
    "lambda_l2": 10.0,
    "max_bin": 255,
    "num_threads": 1,
    "deterministic": True,
    "force_col_wise": True,
    "verbose": -1,
}


def main():
    rows, columns, rounds = map(int, sys.argv[1:4])
    name = f"/tmp/trees_{rows}x{columns}"
    x = np.fromfile(f"{name}.f32", np.float32).reshape(rows, columns)
    y = np.fromfile(f"{name}.u8", np.uint8)
    for wise in ("force_col_wise", "force_row_wise"):
        params = {k: v for k, v in PARAMS.items() if not k.startswith("force")} | {wise: True}
        start = time.process_time()
        data = lgb.Dataset(x, y, params=params).construct()
        binned = time.process_time() - start
        model = lgb.train(params, data, rounds)
        seconds = time.process_time() - start
        print(
            f"{rows} x {columns} {wise}: bins {binned:.2f} s, {model.num_trees()} trees"
            f" {seconds - binned:.2f} s, together {seconds:.2f} s"
        )
    start = time.process_time()
    p = model.predict(x, num_threads=1)
    seconds = time.process_time() - start
    loss = -np.mean(np.where(y == 1, np.log(p), np.log(1 - p)))
    print(f"log loss {loss:.6f}, predicts {rows / seconds:.0f} rows/s")
    if "explain" in sys.argv:
        sample = x[:3000]
        start = time.process_time()
        model.predict(sample, pred_contrib=True, num_threads=1)
        print(f"explains {len(sample) / (time.process_time() - start):.0f} rows/s")


main()
