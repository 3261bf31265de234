"""What people call the settings of modules."""

import re

__all__ = ["model_title", "setting_title"]

# Names that say too little, or too much of how it works. Others are read as words.
_SAID = {
    "action": "If it does not hold",
    "auth": "Authentication",
    "auth_name": "Name of the key",
    "batch_rows": "Rows a request",
    "by": "Sort by",
    "cast": "Columns to cast",
    "connect_timeout": "Wait for a connection (seconds)",
    "descending": "Largest first",
    "drop": "Columns to drop",
    "duplicates": "Repeated keys",
    "end": "Last row",
    "expect": "Expectation",
    "file_column": "Column for the file's name",
    "fraction": "Quantile",
    "having": "Condition on groups",
    "header": "Header line",
    "how": "Rows without a match",
    "ids": "Columns of every row",
    "in_body": "In the JSON body",
    "keep": "Columns to keep",
    "keep_nulls": "Keep empty values",
    "kind": "Kind of paging",
    "limit": "Most rows",
    "max": "Greatest value",
    "max_age": "Greatest age",
    "max_pages": "Most pages",
    "max_rejected": "Rejected rows allowed",
    "max_response_mb": "Largest answer (MB)",
    "max_rows": "Most records",
    "max_wait": "Longest wait (seconds)",
    "min": "Least value",
    "missing": "Missing keys",
    "name_column": "Column for the names",
    "null_text": "Text for no value",
    "null_values": "Texts for no value",
    "on_drift": "New columns",
    "on_error": "Values that do not fit",
    "other": "Column for other values",
    "parameter": "Query parameter",
    "partition_column": "Column to part by",
    "partitions": "Parts",
    "read_timeout": "Wait for an answer (seconds)",
    "records": "Path to the records",
    "rename": "Columns to rename",
    "replace": "What to replace",
    "requests_per_second": "Requests a second",
    "rest": "Output for the rest",
    "size": "Records a page",
    "size_parameter": "Query parameter of the size",
    "unlisted": "Other values",
    "url": "URL",
    "value_column": "Column for the values",
    "watermark_parameter": "Query parameter of the watermark",
}


def setting_title(name: str, _info: object = None) -> str:
    """Return what people call a setting that has no title of its own: `left_keys`, Left keys."""
    return _SAID.get(name) or name.replace("_", " ").capitalize()


def model_title(model: type) -> str:
    """Return what people call a part of a config: `SortKey`, Sort key."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", model.__name__).capitalize()
