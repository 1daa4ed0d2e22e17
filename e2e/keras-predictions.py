"""Loads Keras files as any user of Keras 3 would, and writes what they predict.

Standard input: one file per line, as JSON:
{"model": path, "examples": path, "shape": [examples, ...], "predictions": path}.
Prints one line of JSON for each: its notes, layers and normalisation settings.
"""

import importlib.util
import json
import os
import sys
import zipfile

# Any backend computes the same; the first one that is there.
BACKENDS = [name for name in ("jax", "tensorflow", "torch") if importlib.util.find_spec(name)]
os.environ.setdefault("KERAS_BACKEND", BACKENDS[0])
# A model predicts once: optimising it would take far longer than that.
os.environ.setdefault("JAX_DISABLE_MOST_OPTIMIZATIONS", "1")

import keras  # noqa: E402
import numpy  # noqa: E402

for line in sys.stdin:
    job = json.loads(line)
    model = keras.saving.load_model(job["model"])
    examples = numpy.fromfile(job["examples"], dtype="<f4").reshape(job["shape"])
    model.predict(examples, verbose=0).astype("<f4").tofile(job["predictions"])
    with zipfile.ZipFile(job["model"]) as archive:
        names = archive.namelist()
        metadata = json.loads(archive.read("metadata.json"))
        is_sound = archive.testzip() is None
    normalisations = [layer for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization)]
    print(
        json.dumps(
            {
                "names": names,
                "isSound": is_sound,
                "metadata": metadata,
                "parameters": model.count_params(),
                "normalisations": [
                    {key: layer.get_config()[key] for key in ("axis", "momentum", "epsilon", "center", "scale")}
                    for layer in normalisations
                ],
            }
        ),
        flush=True,
    )
