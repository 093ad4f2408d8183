/**
 * The process of the sandbox: what a script can harm, whatever the engine, the WebAssembly machine
 * or a thread does, is this process. It has no environment, opens nothing, and speaks to the server
 * alone, over the channel it was started with.
 */
import { writeFileSync } from "node:fs";
import { getPriority, setPriority } from "node:os";
import type { Pulse, Reply, Request } from "./protocol.ts";
import { Threads } from "./threads.ts";
import { compileEngine, readEngine, type WasmModule } from "./wasm.ts";

const WATCH_MS = 250;
const PULSE_MS = 1_000;
/**
 * Behind the server, and not behind everything else: a tenth of its share of a core that is short.
 * -20 … 19, higher is later. With half of this, sixteen scripts that looped held up answers for
 * 200 ms.
 */
const NICER = 10;
const NICE_MAX = 19;
/** Of Linux: if memory runs out, end this before the server. -1000 … 1000. */
const OOM_SCORE = "500";

yieldToServer();
const published = await readEngine();
/** By the bytes of heap that they let a script have. */
const modules = new Map<number, Promise<WasmModule>>();
const threads = new Threads(tell);
process.on("message", (request: Request) => take(request));
// Signals of a terminal or a service manager are for the server, which may still need answers.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => undefined);
// The server has gone, however that happened.
process.on("disconnect", () => process.exit(0));
setInterval(() => threads.watch(performance.now()), WATCH_MS);
setInterval(pulse, PULSE_MS);
pulse();

/** A call comes after the answer to the opening, so nothing overtakes the compiler. */
async function take(request: Request): Promise<void> {
	if (request.kind !== "open") return threads.take(request);
	const { heapBytes } = request.limits;
	const module = modules.get(heapBytes) ?? compileEngine(published, heapBytes);
	modules.set(heapBytes, module);
	threads.open(request, await module);
}

function tell(reply: Reply | Pulse): void {
	if (process.connected) process.send?.(reply);
}

function pulse(): void {
	tell({ threads: threads.size, residentBytes: process.memoryUsage.rss() });
}

/** Scripts take what time and memory the server leaves. */
function yieldToServer(): void {
	try {
		// It begins with the priority of the server, which has its own from whoever started it.
		setPriority(Math.min(NICE_MAX, getPriority() + NICER));
		if (process.platform === "linux") writeFileSync("/proc/self/oom_score_adj", OOM_SCORE);
	} catch {
		// It is a kindness, which some containers do not allow.
	}
}
