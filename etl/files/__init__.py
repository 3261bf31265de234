"""Files that a pipeline may read and write, here and in object storage."""

from etl.files.paths import DataPath, check_relative, readable, writable
from etl.files.writing import replaced

__all__ = ["DataPath", "check_relative", "readable", "replaced", "writable"]
