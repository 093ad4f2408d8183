/** A thread of the sandbox: runs scripts, one after another, each in an engine of its own. */
import { parentPort, workerData } from "node:worker_threads";
import { Engine, Failed } from "./engine.ts";
import { NONE, type Reply, type Request, RUNNING, type ScriptId, TICKS } from "./protocol.ts";
import type { WasmModule } from "./wasm.ts";

/** What the process tells the thread. The module comes with the opening of a script. */
export type ThreadOrder = { readonly request: Request; readonly module?: WasmModule };

/** TICKS and RUNNING. */
const watched = new Int32Array(workerData as SharedArrayBuffer);
const engines = new Map<ScriptId, Engine>();
/** Opening waits for promises, so requests queue. */
let queue: Promise<void> = Promise.resolve();

parentPort?.on("message", (order: ThreadOrder) => {
	queue = queue.then(() => take(order));
});

async function take({ request, module }: ThreadOrder): Promise<void> {
	const { script } = request;
	if (request.kind === "close") {
		engines.get(script)?.close();
		engines.delete(script);
		return;
	}
	Atomics.store(watched, RUNNING, script);
	const reply = await answer(request, module);
	Atomics.store(watched, RUNNING, NONE);
	parentPort?.postMessage(reply);
}

async function answer(
	request: Exclude<Request, { kind: "close" }>,
	module: WasmModule | undefined,
): Promise<Reply> {
	const { script } = request;
	try {
		if (request.kind === "open") {
			if (!module) throw new Error("a script was opened without an engine");
			const { engine, definition } = await Engine.open(module, request, beat);
			engines.set(script, engine);
			return { script, answer: definition, heapBytes: engine.heapBytes };
		}
		const engine = engines.get(script);
		if (!engine) return { script, lost: "the sandbox does not know the script" };
		return { script, answer: engine.call(request.call), heapBytes: engine.heapBytes };
	} catch (error) {
		if (!(error instanceof Failed)) throw error;
		// Its engine is not sound any more, and is left to the collector as it is.
		engines.delete(script);
		return { script, fault: error.fault };
	}
}

/** The process looks whether this goes on. */
function beat(): void {
	watched[TICKS] = (watched[TICKS] ?? 0) + 1;
}
