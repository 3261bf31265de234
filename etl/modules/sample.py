"""transform.sample"""

from pydantic import Field, model_validator

from etl.columns import unused_name
from etl.inputs import Inputs
from etl.messages import say
from etl.module import ModuleConfig, Result, RunContext, Transformer
from etl.sql import INPUT, quote

_HASHES = 2**64


class Sample(Transformer):
    """Keep rows drawn at random, the same ones at every try.

    Each row is drawn by a hash of its place in the input and the seed, so that the same staged
    input and seed give the same rows, which stay in their order. `rows` gives exactly so many
    where the input has them; `share` takes each row with that probability, so about so many.
    """

    key = "transform.sample"
    title = "Sample"
    icon = "casino"
    keywords = "random, subset, some rows"
    pure = True
    account = "removes"

    class Config(ModuleConfig):
        """The settings of transform.sample."""

        rows: int | None = Field(
            default=None, ge=1, le=2**62, description="How many rows to draw.", examples=[1000]
        )
        share: float | None = Field(
            default=None,
            gt=0,
            le=1,
            allow_inf_nan=False,
            description="Which share of the rows to draw, instead of a number.",
            examples=[0.1],
        )
        seed: int = Field(
            default=0, ge=0, lt=2**31, description="Another seed draws other rows.", examples=[42]
        )

        @model_validator(mode="after")
        def _one(self) -> "Sample.Config":
            if (self.rows is None) == (self.share is None):
                raise ValueError(say("Set either rows or share"))
            return self

    config: Config

    def execute(self, inputs: Inputs, context: RunContext) -> Result:
        """Return the drawn rows, in their order."""
        # Hashed twice, since the first hash of two seeds differs by the same bits in every row.
        draw = f"hash(hash(row_number() OVER (), {self.config.seed}))"
        if self.config.share is not None:
            highest = max(int(self.config.share * _HASHES) - 1, 0)
            drawn = quote("draw")
            return Result(
                inputs.select(["*"], then=f"QUALIFY {draw} <= {highest}"),
                removed=inputs.select(
                    ["count(*)"],
                    source=f"(SELECT {draw} AS {drawn} FROM {INPUT})",  # noqa: S608
                    then=f"WHERE {drawn} > {highest}",
                ),
            )
        existing = inputs["input"].column_names()
        place = quote(unused_name("place", existing))
        drawn_rows = (
            f"(SELECT *, row_number() OVER () AS {place} FROM {INPUT} "  # noqa: S608
            f"ORDER BY {draw}, {place} LIMIT {self.config.rows})"
        )
        return Result(
            inputs.select(
                [quote(name) for name in existing], source=drawn_rows, then=f"ORDER BY {place}"
            ),
            removed=inputs.select([f"greatest(count(*) - {self.config.rows}, 0)"]),
        )
