import { ViewportPortal } from "@xyflow/react";
import { memo } from "react";
import { statusClass, statusWord } from "../shared/status";
import { type Graph, NODE_HEIGHT, NODE_WIDTH } from "./graph";
import type { Places } from "../shared/layers";
import { usePage, useShown, useTask } from "./store";

/** The graph from afar: one drawing of coloured spots, which moves smoothly however many they are. */
export const Overview = memo(function Overview({ graph, spots }: { graph: Graph; spots: Places }) {
  return (
    <ViewportPortal>
      <svg className="x-overview" width={1} height={1} aria-hidden="true">
        <path className="x-edge" d={graph.edges.map((edge) => line(spots, edge.source, edge.target)).join("")} />
        {graph.nodes.map(({ id, name }) => (
          <Spot key={id} id={id} name={name || id} x={spots.get(id)!.x} y={spots.get(id)!.y} />
        ))}
      </svg>
    </ViewportPortal>
  );
});

interface SpotProps {
  id: string;
  name: string;
  x: number;
  y: number;
}

const Spot = memo(function Spot({ id, name, x, y }: SpotProps) {
  const { store } = usePage();
  const status = useTask(id)?.status ?? "pending";
  const isOpen = useShown((shown) => shown.node === id);
  return (
    <rect
      className={`x-spot ${statusClass(status)}${isOpen ? " is-open" : ""}`}
      x={x}
      y={y}
      width={NODE_WIDTH}
      height={NODE_HEIGHT}
      rx={8}
      onClick={() => store.open(isOpen ? null : id)}
    >
      <title>{`${name}: ${statusWord(status)}`}</title>
    </rect>
  );
});

function line(spots: Places, source: string, target: string): string {
  const [from, to] = [spots.get(source), spots.get(target)];
  if (!from || !to) return "";
  return `M${from.x + NODE_WIDTH} ${from.y + NODE_HEIGHT / 2}L${to.x} ${to.y + NODE_HEIGHT / 2}`;
}
