/** How a run says that its script is at fault. */
import type { Fault } from "../script/script.ts";

/** The script has thrown, or has gone over a limit. */
export class Faulted extends Error {
	readonly fault: Fault;
	/** Whether the run has kept all that came before the event that caused it. */
	readonly isExact: boolean;
	constructor(fault: Fault, isExact: boolean) {
		super(fault.message);
		this.fault = fault;
		this.isExact = isExact;
	}
}
