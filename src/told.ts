/** Tells the operator of the parts of a running server. */
import { isRefusal, type Refusal } from "./errors.ts";
import type { RoomListener } from "./log/room/room.ts";
import { logFault, type OperatorLog } from "./observe/operator-log.ts";

/** Advice to the operator, printed after the reason. */
const STOPPED =
	"The server refuses appends, and reads go on, until you start it again on a sound disk and log. " +
	"See docs/operations.md, When the disk fails; varve verify names what is damaged.";
const REPLACED =
	"The server refuses appends and reads until you start it again. Find out first what was lost. See " +
	"docs/postgresql.md, When another history takes the place of the log.";

/**
 * The first reason for which the server writes no more, which may be there before the server is:
 * the writer has stopped, or the database holds another history.
 */
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

	note(refusal: Stop): void {
		const { reason } = refusal.facts;
		const told = isRefusal(refusal, "writer-stopped")
			? `the writer stopped: ${reason}. ${STOPPED}`
			: `this server serves nothing any more: ${reason}. ${REPLACED}`;
		this.#operatorLog.error(told);
		this.#resolve(refusal);
	}
}

/** After the second, nothing is read either. */
export type Stop = Refusal<"writer-stopped"> | Refusal<"database-unreachable">;

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
