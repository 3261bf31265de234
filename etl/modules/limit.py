"""transform.limit"""

from pydantic import Field

from etl.inputs import Inputs
from etl.module import ModuleConfig, Result, RunContext, Transformer


class Limit(Transformer):
    """Keep a number of rows from the beginning, in the order in which they come.

    Which these are is up to the node before: after transform.sort the first ones by its keys.
    """

    key = "transform.limit"
    title = "Limit"
    icon = "vertical_align_top"
    keywords = "first, top, head, take"
    pure = True
    account = "removes"

    class Config(ModuleConfig):
        """The settings of transform.limit."""

        rows: int = Field(ge=1, le=2**62, description="How many rows to keep.", examples=[100])
        offset: int = Field(
            default=0,
            ge=0,
            le=2**62,
            title="Rows to skip",
            description="How many rows to leave out before them.",
        )

    config: Config

    def execute(self, inputs: Inputs, context: RunContext) -> Result:
        """Return the rows after the offset, as many as there are up to the limit."""
        rows, offset = self.config.rows, self.config.offset
        return Result(
            inputs.select(["*"], then=f"LIMIT {rows} OFFSET {offset}"),
            removed=inputs.select(
                [f"least(count(*), {offset}) + greatest(count(*) - {offset} - {rows}, 0)"]
            ),
        )
