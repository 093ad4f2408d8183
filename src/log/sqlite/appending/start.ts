/** Starts the writer's thread. */
import { MessageChannel, type MessagePort, Worker } from "node:worker_threads";
import type { Ready, Stopped } from "../protocol.ts";
import type { WriterThread } from "./queue.ts";

/**
 * Erasures have their own port to the writer's thread, so that they never wait behind appends.
 * Their answers come as those of appends do.
 */
export type WriterData = {
	readonly file: string;
	readonly checkpoints: boolean;
	readonly erasurePort: MessagePort;
};

export type StartedWriter = WriterThread & {
	readonly erasurePort: MessagePort;
	/** Why the thread could not begin. */
	readonly stopped: string | undefined;
};

/** A batch is one message, so the writer's own heap stays small; this is room, not need. */
const WRITER_HEAP_MIB = 128;
/** The garbage of a batch is dead once it is answered; Node's default keeps three times as much. */
const WRITER_YOUNG_MIB = 8;

/** Resolves once the thread has opened the database. */
export function startWriter(file: string, checkpoints: boolean): Promise<StartedWriter> {
	// The name carries the extension this very file runs under: .js built, .ts where types are
	// stripped.
	const url = new URL(import.meta.url.replace(/start(\.\w+)$/, "writer$1"));
	const { port1, port2 } = new MessageChannel();
	const data: WriterData = { file, checkpoints, erasurePort: port2 };
	const writer = new Worker(url, {
		workerData: data,
		transferList: [port2],
		// The options of the process are not the thread's: `node -e` would not even start one.
		execArgv: [],
		resourceLimits: {
			maxOldGenerationSizeMb: WRITER_HEAP_MIB,
			maxYoungGenerationSizeMb: WRITER_YOUNG_MIB,
		},
	});
	// The thread may end before anything else listens.
	const exited = new Promise<number>((resolve) => writer.once("exit", resolve));
	return new Promise((resolve, reject) => {
		// Left in place: an error without a listener would end the process, not the thread.
		writer.on("error", reject);
		writer.once("message", (message: Ready | Stopped) => {
			const begun = "stopped" in message ? { last: -1, ...message } : message;
			resolve({ writer, exited, erasurePort: port1, stopped: undefined, ...begun });
		});
	});
}
