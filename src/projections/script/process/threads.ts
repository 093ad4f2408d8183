/** The threads of the sandbox's process: who runs where, and what happens when one has to go. */
import { Worker } from "node:worker_threads";
import { isTimeUp } from "./clock.ts";
import {
	NONE,
	type Opening,
	type RawFault,
	type Reply,
	type Request,
	RUNNING,
	type ScriptId,
	TICKS,
} from "./protocol.ts";
import type { ThreadOrder } from "./thread.ts";
import type { WasmModule } from "./wasm.ts";

/**
 * Each script has a thread of its own as long as there are few. A thread costs about 10 MB, an
 * engine in it less than 1 MB, so that further scripts share the threads there are.
 */
const THREADS_MAX = 16;

/** Threads that wait for the next script, which starts sooner then. */
const IDLE_THREADS_MAX = 1;

/**
 * The engine looks at its time limit between steps of the script. One step can be long: a search in
 * a long text. A thread that has not told of progress for so long, beyond the limit, is ended.
 */
const GRACE_MS = 1_500;

/** Heap of the thread itself: batches and answers on their way. */
const HEAP_MIB = 128;
const YOUNG_MIB = 8;
/** The engine's frames lie on the thread's stack, too: its own limit has to come first. */
const STACK_MIB = 8;

type Thread = {
	readonly worker: Worker;
	readonly watched: Int32Array;
	readonly scripts: Set<ScriptId>;
	/** What was seen at the last watch: who ran, and how far. */
	running: ScriptId;
	ticks: number;
	/** When the thread was last seen to go on, and what the process had run until then. */
	seen: number;
	cpu: NodeJS.CpuUsage;
};

export class Threads {
	readonly #tell: (reply: Reply) => void;
	readonly #threads = new Set<Thread>();
	readonly #homes = new Map<ScriptId, Thread>();
	/** Milliseconds that a script may take for one step. */
	readonly #limits = new Map<ScriptId, number>();

	constructor(tell: (reply: Reply) => void) {
		this.#tell = tell;
	}

	get size(): number {
		return this.#threads.size;
	}

	open(request: Opening, module: WasmModule): void {
		const { script, limits } = request;
		const thread = this.#place(script);
		this.#homes.set(script, thread);
		this.#limits.set(script, Math.max(limits.bodyMs, limits.eventMs));
		const order: ThreadOrder = { request, module };
		thread.worker.postMessage(order);
	}

	take(request: Exclude<Request, Opening>): void {
		const { script } = request;
		const thread = this.#homes.get(script);
		if (!thread) {
			if (request.kind !== "close") this.#tell({ script, lost: "its thread has ended" });
			return;
		}
		const order: ThreadOrder = { request };
		thread.worker.postMessage(order);
		if (request.kind === "close") this.#leave(script, thread);
	}

	/** Ends threads whose script does not come back. To be called every now and then. */
	watch(now: number): void {
		for (const thread of this.#threads) {
			const script = Atomics.load(thread.watched, RUNNING);
			const ticks = Atomics.load(thread.watched, TICKS);
			if (script === NONE || script !== thread.running || ticks !== thread.ticks) {
				thread.running = script;
				thread.ticks = ticks;
				thread.seen = now;
				thread.cpu = process.cpuUsage();
				continue;
			}
			const limitMs = this.#limits.get(script) ?? 0;
			if (!isTimeUp(now - thread.seen, thread.cpu, limitMs + GRACE_MS)) continue;
			const message = `it took more than ${limitMs} ms, and could not be interrupted`;
			this.#end(thread, { kind: "time", message, stack: "" });
			void thread.worker.terminate();
		}
	}

	#place(script: ScriptId): Thread {
		let chosen: Thread | undefined;
		for (const thread of this.#threads)
			if (!chosen || thread.scripts.size < chosen.scripts.size) chosen = thread;
		if (chosen?.scripts.size !== 0 && this.#threads.size < THREADS_MAX) chosen = this.#start();
		chosen ??= this.#start();
		chosen.scripts.add(script);
		return chosen;
	}

	#start(): Thread {
		const shared = new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT);
		const watched = new Int32Array(shared);
		watched[RUNNING] = NONE;
		const worker = new Worker(new URL(import.meta.url.replace(/threads(\.\w+)$/, "thread$1")), {
			workerData: shared,
			execArgv: [],
			env: {},
			resourceLimits: {
				maxOldGenerationSizeMb: HEAP_MIB,
				maxYoungGenerationSizeMb: YOUNG_MIB,
				stackSizeMb: STACK_MIB,
			},
		});
		const cpu = process.cpuUsage();
		const seen = { running: NONE, ticks: 0, seen: performance.now(), cpu };
		const thread: Thread = { worker, watched, scripts: new Set(), ...seen };
		this.#threads.add(thread);
		worker.on("message", (reply: Reply) => this.#tell(reply));
		worker.on("error", (error: Error & { code?: string }) => {
			const isMemory = error.code === "ERR_WORKER_OUT_OF_MEMORY";
			const message = isMemory
				? "what it says takes too much memory"
				: `its thread failed: ${error.message}`;
			this.#end(thread, { kind: isMemory ? "memory" : "engine", message, stack: "" });
		});
		worker.on("exit", () => this.#end(thread, undefined));
		return thread;
	}

	/** The script that ran gets the fault; the others of the thread did nothing wrong. */
	#end(thread: Thread, fault: RawFault | undefined): void {
		this.#threads.delete(thread);
		const guilty = Atomics.load(thread.watched, RUNNING);
		for (const script of thread.scripts) {
			this.#homes.delete(script);
			this.#limits.delete(script);
			if (fault && script === guilty) this.#tell({ script, fault });
			else this.#tell({ script, lost: "its thread was ended for another script" });
		}
		thread.scripts.clear();
	}

	#leave(script: ScriptId, thread: Thread): void {
		this.#homes.delete(script);
		this.#limits.delete(script);
		thread.scripts.delete(script);
		const idle = [...this.#threads].filter(({ scripts }) => scripts.size === 0);
		if (thread.scripts.size > 0 || idle.length <= IDLE_THREADS_MAX) return;
		this.#threads.delete(thread);
		void thread.worker.terminate();
	}
}
