import { t } from "../shared/i18n";
import { mount, pageData } from "../shared/mount";
import "./execution.css";
import { type Graph, unconnected } from "./graph";
import { LiveLine, type SocketLike } from "./live";
import { ExecutionPage } from "./page";
import { refusal, Requests } from "./requests";
import { rememberNode, rememberedNode } from "./place";
import type { ExecutionState } from "./state";
import { type Page, PageContext, type PageData, Store } from "./store";

function openSocket(id: string): SocketLike {
  const scheme = window.location.protocol === "https:" ? "wss" : "ws";
  return new WebSocket(`${scheme}://${window.location.host}/ws/executions/${id}`) as unknown as SocketLike;
}

function begin(data: PageData, execution: ExecutionState, graph: Graph): void {
  const store = new Store({ execution, line: "connecting", offset: null, messages: [], ...rememberedNode(graph) });
  store.receive(execution);
  const requests = new Requests(data.execution_id);
  const line = new LiveLine<ExecutionState>(
    {
      open: () => openSocket(data.execution_id),
      poll: () => requests.state(data.may, () => Date.now() + (store.get().offset ?? 0)),
      later: (milliseconds, call) => window.setTimeout(call, milliseconds),
      never: (timer) => window.clearTimeout(timer),
      random: Math.random,
    },
    {
      onState: (state) => store.receive(state),
      onLine: (next) => store.get().line !== next && store.change({ line: next }),
    },
  );
  const page: Page = { data, graph, store, ask: () => line.ask(), wake: () => line.wake() };
  store.subscribe(() => rememberNode(store.get()));
  mount(
    "console-execution",
    <PageContext value={page}>
      <ExecutionPage />
    </PageContext>,
  );
  for (const plain of document.querySelectorAll("#execution-plain, #content-main > .page-head")) plain.remove();
  line.start();
}

async function main(): Promise<void> {
  const data = pageData<PageData>("execution-data");
  const requests = new Requests(data.execution_id);
  const [state, graph] = await Promise.all([data.state ?? requests.state(data.may, Date.now), data.graph ?? requests.graph().catch(() => null)]);
  begin(data, state, graph ?? unconnected(state.tasks));
}

main().catch((error: unknown) => {
  // Then the page is shown as the server wrote it.
  document.documentElement.classList.add("console-failed");
  const place = document.getElementById("console-execution");
  if (place) place.textContent = t("The live page cannot be shown: {why}", { why: refusal(error) });
});
