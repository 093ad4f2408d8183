/** The server's side of one process of the sandbox. */
import { type ChildProcess, fork } from "node:child_process";
import type { Opening, Pulse, Reply, Request, ScriptId } from "../process/protocol.ts";

/** Bytes that a process may be resident with, besides what its scripts may. */
const PROCESS_BYTES = 256 * 1024 * 1024;
/** Of each script, besides its heap: its engine, its thread, batches and answers on their way. */
const SCRIPT_BYTES = 96 * 1024 * 1024;
/** A process that says nothing for so long is stuck. It speaks every second. */
const SILENCE_MS = 15_000;
const CHECK_MS = 1_000;

/** Hears what comes back for one script, once for each request. */
export type Listener = (reply: Reply) => void;

export class Home {
	readonly #child: ChildProcess;
	readonly #listeners = new Map<ScriptId, Listener>();
	/** Script → bytes that it may take. */
	readonly #allowed = new Map<ScriptId, number>();
	readonly #checks: NodeJS.Timeout;
	readonly #ended: Promise<void>;
	#pulse: Pulse = { threads: 0, residentBytes: 0 };
	#heard = performance.now();
	#why = "the sandbox's process has ended";
	#isOver = false;

	/** @param onEnd told once, when the process is gone; with the scripts that were being run */
	constructor(onEnd: (running: readonly ScriptId[]) => void) {
		const file = new URL(import.meta.url.replace(/server\/home(\.\w+)$/, "process/process$1"));
		this.#child = fork(file, {
			serialization: "advanced",
			stdio: ["ignore", "ignore", "inherit", "ipc"],
			execArgv: [],
			// Nothing of the server's surroundings: it may hold secrets.
			env: {},
		});
		this.#child.on("message", (message) => this.#hear(message as Reply | Pulse));
		this.#ended = new Promise((resolve) => {
			const end = () => {
				if (!this.#isOver) onEnd(this.#end());
				resolve();
			};
			this.#child.once("exit", end);
			// Left in place: a request that the process does not take any more is an error, too.
			this.#child.on("error", () => {
				this.#child.kill("SIGKILL");
				end();
			});
		});
		// Neither the process nor its channel keeps the server running.
		this.#child.unref();
		this.#child.channel?.unref();
		this.#checks = setInterval(() => this.#check(), CHECK_MS);
		this.#checks.unref();
	}

	get isOver(): boolean {
		return this.#isOver;
	}

	get pulse(): Pulse {
		return this.#pulse;
	}

	get scripts(): number {
		return this.#allowed.size;
	}

	open(request: Opening, listener: Listener): void {
		this.#allowed.set(request.script, request.limits.heapBytes + SCRIPT_BYTES);
		this.ask(request, listener);
	}

	ask(request: Request, listener: Listener): void {
		if (this.#isOver) {
			listener({ script: request.script, lost: this.#why });
			return;
		}
		this.#listeners.set(request.script, listener);
		// While an answer is awaited, the server does not end.
		this.#child.ref();
		this.#child.channel?.ref();
		this.#child.send(request);
	}

	/** The script is not needed any more. */
	leave(script: ScriptId): void {
		this.#allowed.delete(script);
		if (!this.#isOver) this.#child.send({ kind: "close", script } satisfies Request);
	}

	async close(): Promise<void> {
		this.#why = "the sandbox is closed";
		this.#child.ref();
		this.#child.kill("SIGKILL");
		await this.#ended;
	}

	#hear(message: Reply | Pulse): void {
		this.#heard = performance.now();
		if ("threads" in message) {
			this.#pulse = message;
			return;
		}
		const listener = this.#listeners.get(message.script);
		this.#listeners.delete(message.script);
		if (this.#listeners.size === 0) {
			this.#child.unref();
			this.#child.channel?.unref();
		}
		listener?.(message);
	}

	#check(): void {
		let allowed = PROCESS_BYTES;
		for (const bytes of this.#allowed.values()) allowed += bytes;
		const { residentBytes } = this.#pulse;
		const isSilent = performance.now() - this.#heard > SILENCE_MS;
		if (!isSilent && residentBytes <= allowed) return;
		this.#why = isSilent
			? "the sandbox's process did not answer"
			: `the sandbox's process took ${residentBytes} bytes of memory, and may take ${allowed}`;
		this.#child.kill("SIGKILL");
	}

	/** @returns the scripts that were being run */
	#end(): ScriptId[] {
		this.#isOver = true;
		clearInterval(this.#checks);
		this.#allowed.clear();
		const waiting = [...this.#listeners];
		this.#listeners.clear();
		for (const [script, listener] of waiting) listener({ script, lost: this.#why });
		return waiting.map(([script]) => script);
	}
}
