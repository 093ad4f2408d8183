/** Tells the operator of the parts of a running server. */
import type { Refusal } from "./errors.ts";
import type { RoomListener } from "./log/room/room.ts";
import { logFault, type OperatorLog } from "./observe/operator-log.ts";

/** Advice to the operator, printed after the reason. */
const STOPPED =
	"The server refuses appends, and reads go on, until you start it again on a sound disk and log. " +
	"See docs/operations.md, When the disk fails; varve verify names what is damaged.";

/** The first reason for which the writer stopped, which may be there before the server is. */
export class WriterStop {
	/** Resolves with the reason; never, if the writer does not stop. */
	readonly noted: Promise<Refusal>;
	readonly #operatorLog: OperatorLog;
	#resolve: (refusal: Refusal) => void = () => undefined;

	constructor(operatorLog: OperatorLog) {
		this.#operatorLog = operatorLog;
		this.noted = new Promise((resolve) => {
			this.#resolve = resolve;
		});
	}

	note(refusal: Refusal<"writer-stopped">): void {
		this.#operatorLog.error(`the writer stopped: ${refusal.facts.reason}. ${STOPPED}`);
		this.#resolve(refusal);
	}
}

export function clockTold(operatorLog: OperatorLog): (what: unknown) => void {
	return (what) => {
		if (typeof what === "string") operatorLog.warn(what);
		else logFault(operatorLog, what);
	};
}

export function roomTold(operatorLog: OperatorLog): RoomListener {
	return {
		onChange({ low, freeBytes, freeBytesMin }) {
			const facts = { freeBytes, freeBytesMin };
			if (low) operatorLog.error("the disk is low: appends are refused until there is room", facts);
			else operatorLog.info("the disk has room again: appends go on", facts);
		},
		onUnknown(error) {
			const reason = String(error);
			operatorLog.warn("the room on the disk is not known: nothing is kept free", { reason });
		},
	};
}
