/**
 * Where the nodes of a graph are drawn: in layers from left to right, each node behind all that it
 * reads. Made for graphs of many hundreds of nodes, which must be on screen at once; the time it
 * takes grows with nodes and edges alone.
 */

export interface Link {
  source: string;
  target: string;
  /** How far below the middle of its source it leaves, and below that of its target it enters. */
  sourceAt?: number;
  targetAt?: number;
}

export interface Spacing {
  /** Of every node. */
  width: number;
  /** Between two layers. */
  across: number;
  /** Between two nodes of a layer. */
  along: number;
}

export type Places = Map<string, { x: number; y: number }>;

/** A node, or a bend of edges that pass through a layer. */
interface Item {
  id: string | null;
  layer: number;
  size: number;
  before: End[];
  after: End[];
  /** The middle, from top to bottom. */
  y: number;
}

/** A neighbour, and how far below its middle an item has to be for the edge to be straight. */
interface End {
  item: Item;
  shift: number;
}

const ORDERINGS = 8;
const STRAIGHTENINGS = 8;
const BEND = 12;
// While items have places and no heights, ports decide among the neighbours of one node alone.
const BESIDE_PLACES = 0.0001;

/**
 * Return the top left corner of every node, of which the heights are given.
 *
 * Edges of a cycle, which no pipeline has, may go back.
 */
export function inLayers(heights: ReadonlyMap<string, number>, links: readonly Link[], spacing: Spacing): Places {
  const ids = [...heights.keys()];
  const edges = links.filter(({ source, target }) => heights.has(source) && heights.has(target) && source !== target);
  const ranks = ranksOf(ids, edges);
  const { nodes, layers } = itemsOf(heights, edges, ranks);
  order(layers);
  straighten(layers, spacing.along);
  const top = Math.min(...[...nodes.values()].map((item) => item.y - item.size / 2));
  return new Map(
    ids.map((id) => {
      const item = nodes.get(id)!;
      return [id, { x: item.layer * (spacing.width + spacing.across), y: Math.round(item.y - item.size / 2 - top) }];
    }),
  );
}

/** Return the layer of each node: one behind the last of those it reads, sources close to their readers. */
function ranksOf(ids: readonly string[], edges: readonly Link[]): Map<string, number> {
  const after = grouped(edges, "source", "target");
  const open = new Map(ids.map((id) => [id, 0]));
  for (const { target } of edges) open.set(target, open.get(target)! + 1);
  const isSource = new Set(ids.filter((id) => open.get(id) === 0));
  const ranks = new Map(ids.map((id) => [id, 0]));
  const ready = [...isSource];
  for (let id = ready.pop(); id !== undefined; id = ready.pop()) {
    for (const target of after.get(id) ?? []) {
      ranks.set(target, Math.max(ranks.get(target)!, ranks.get(id)! + 1));
      open.set(target, open.get(target)! - 1);
      if (open.get(target) === 0) ready.push(target);
    }
  }
  for (const id of isSource) {
    const targets = after.get(id) ?? [];
    if (targets.length > 0) ranks.set(id, Math.max(targets.reduce((least, target) => Math.min(least, ranks.get(target)!), Infinity) - 1, 0));
  }
  return ranks;
}

function grouped(edges: readonly Link[], by: "source" | "target", give: "source" | "target"): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const edge of edges) {
    const those = found.get(edge[by]);
    if (those) those.push(edge[give]);
    else found.set(edge[by], [edge[give]]);
  }
  return found;
}

function itemsOf(heights: ReadonlyMap<string, number>, edges: readonly Link[], ranks: Map<string, number>) {
  const nodes = new Map<string, Item>();
  const layers: Item[][] = [];
  // Edges from one port share them: a node that all others read takes no more room than one that one reads.
  const bends = new Map<string, Item>();
  const add = (id: string | null, layer: number, size: number): Item => {
    const item: Item = { id, layer, size, before: [], after: [], y: 0 };
    (layers[layer] ??= []).push(item);
    return item;
  };
  for (const [id, height] of heights) nodes.set(id, add(id, ranks.get(id)!, height));
  for (const { source, target, sourceAt = 0, targetAt = 0 } of edges) {
    let from = nodes.get(source)!;
    let at = sourceAt;
    const to = nodes.get(target)!;
    for (let layer = from.layer + 1; layer < to.layer; layer += 1) {
      const key = `${layer} ${sourceAt} ${source}`;
      const bend = bends.get(key) ?? add(null, layer, BEND);
      if (!bends.has(key)) join(from, at, bend, 0);
      bends.set(key, bend);
      [from, at] = [bend, 0];
    }
    if (from.layer < to.layer) join(from, at, to, targetAt);
  }
  return { nodes, layers: Array.from(layers, (layer) => layer ?? []) };
}

function join(from: Item, leaves: number, to: Item, enters: number): void {
  from.after.push({ item: to, shift: enters - leaves });
  to.before.push({ item: from, shift: leaves - enters });
}

/** Put each item near the middle of its neighbours, now from the left and now from the right, so that few edges cross. */
function order(layers: Item[][]): void {
  for (const layer of layers) layer.forEach((item, place) => (item.y = place));
  for (let round = 0; round < ORDERINGS; round += 1) {
    const forward = round % 2 === 0;
    for (const layer of forward ? layers : [...layers].reverse()) {
      const wanted = new Map(layer.map((item) => [item, middle(forward ? item.before : item.after, BESIDE_PLACES) ?? item.y]));
      layer.sort((one, other) => wanted.get(one)! - wanted.get(other)!);
      layer.forEach((item, place) => (item.y = place));
    }
  }
}

/** Move the items, in their order, as near to their neighbours as they can be. */
function straighten(layers: Item[][], along: number): void {
  for (const layer of layers) {
    let top = -layer.reduce((sum, item) => sum + item.size + along, 0) / 2;
    for (const item of layer) {
      item.y = top + item.size / 2;
      top += item.size + along;
    }
  }
  for (let round = 0; round < STRAIGHTENINGS; round += 1) {
    const forward = round % 2 === 1;
    for (const layer of forward ? layers : [...layers].reverse()) {
      const wanted = layer.map((item) => middle(forward ? item.before : item.after, 1) ?? item.y);
      spread(layer, wanted, along);
    }
  }
}

function middle(ends: readonly End[], ofShift: number): number | null {
  return ends.length === 0 ? null : ends.reduce((sum, { item, shift }) => sum + item.y + shift * ofShift, 0) / ends.length;
}

/**
 * Give the items of a layer the places next to those wanted at which none lies on another.
 *
 * Items that would lie on each other form a block, which goes to the mean of what its items want.
 */
function spread(layer: readonly Item[], wanted: readonly number[], along: number): void {
  const offsets: number[] = [];
  layer.forEach((item, index) => {
    const above = layer[index - 1];
    offsets.push(above ? offsets[index - 1]! + (above.size + item.size) / 2 + along : 0);
  });
  const blocks: { sum: number; count: number }[] = [];
  layer.forEach((_, index) => {
    let block = { sum: wanted[index]! - offsets[index]!, count: 1 };
    for (let last = blocks.at(-1); last && last.sum / last.count >= block.sum / block.count; last = blocks.at(-1)) {
      block = { sum: last.sum + block.sum, count: last.count + block.count };
      blocks.pop();
    }
    blocks.push(block);
  });
  let place = 0;
  for (const { sum, count } of blocks) {
    for (let left = count; left > 0; left -= 1) {
      layer[place]!.y = sum / count + offsets[place]!;
      place += 1;
    }
  }
}
