"""Trains models with TensorFlow in Python, for bench/python-training.ts. Speaks lines on standard input and output."""
import json
import os
import sys
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
import numpy as np
import tensorflow as tf

print(f"ready TensorFlow {tf.__version__}", flush=True)
models = {}
inputs = labels = None
for line in sys.stdin:
    order = json.loads(line)
    if order["do"] == "data":
        inputs = np.fromfile(order["inputs"], dtype=np.float32).reshape([-1, *order["shape"]])
        labels = np.fromfile(order["labels"], dtype=np.uint16).astype(np.int32)
        print("ok", flush=True)
    elif order["do"] == "model":
        model = tf.keras.models.model_from_json(json.dumps(order["topology"]))
        model.compile(
            optimizer=tf.keras.optimizers.SGD(order["learningRate"], momentum=order["momentum"]),
            loss=tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        )
        models[order["name"]] = model
        print(model.count_params(), flush=True)
    else:
        count = order["examples"]
        began = time.perf_counter()
        models[order["name"]].fit(
            inputs[:count],
            labels[:count],
            batch_size=order["batchSize"],
            epochs=order["epochs"],
            shuffle=True,
            verbose=0,
        )
        print(count * order["epochs"] / (time.perf_counter() - began), flush=True)
