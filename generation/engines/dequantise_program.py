"""A program: writes a GGUF file anew with all quantised weights as f16. Run by `exact_weights` in its own process.

It reads and writes one tensor at a time, so that it needs the memory of the largest one only. Weights that f16 can't
hold become f32. What is f32 or f16 already, and all metadata, stays.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
from gguf import GGMLQuantizationType, GGUFReader, GGUFValueType, GGUFWriter, LlamaFileType, dequantize
from numpy.typing import NDArray

_KEPT = {GGMLQuantizationType.F32, GGMLQuantizationType.F16}
_MADE_ANEW = {"general.architecture", "general.file_type", "general.quantization_version", "general.alignment"}


def _weights(tensor: Any) -> NDArray[Any]:
    if tensor.tensor_type in _KEPT:
        return np.asarray(tensor.data)
    whole = dequantize(tensor.data, tensor.tensor_type)
    return whole if np.abs(whole).max(initial=0) > np.finfo(np.float16).max else whole.astype(np.float16)


def dequantise(source: Path, target: Path) -> None:
    """Writes `source` anew as `target`."""
    reader = GGUFReader(source)
    architecture = reader.fields["general.architecture"].contents()
    writer = GGUFWriter(target, architecture, use_temp_file=False)
    writer.add_file_type(LlamaFileType.MOSTLY_F16)
    for field in reader.fields.values():
        if field.name.startswith("GGUF.") or field.name in _MADE_ANEW:
            continue
        kind = field.types[0]
        inner = field.types[-1] if kind == GGUFValueType.ARRAY else None
        writer.add_key_value(field.name, field.contents(), kind, sub_type=inner)
    for tensor in reader.tensors:
        weights = _weights(tensor)
        writer.add_tensor_info(tensor.name, weights.shape, weights.dtype, weights.nbytes)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    for tensor in reader.tensors:
        writer.write_tensor_data(_weights(tensor))
    writer.close()


if __name__ == "__main__":
    dequantise(Path(sys.argv[1]), Path(sys.argv[2]))
