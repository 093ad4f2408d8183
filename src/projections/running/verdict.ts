/** What an error means for the projection whose run it has ended: a pure function. */
import { isRefusal } from "../../errors.ts";
import { EmissionRefused } from "../keeping/emitter.ts";
import { Superseded, TooMuchState } from "../keeping/keeper.ts";
import { type Fault, SandboxLost, ScriptFault } from "../script/script.ts";
import { describeFault } from "../status.ts";

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

export type Verdict =
	/** It runs again, from what it has kept. */
	| { readonly is: "again"; readonly reason: string }
	/** Another server runs it. */
	| { readonly is: "standby" }
	/** The server stops, or another one leads. */
	| { readonly is: "stop"; readonly reason: string }
	/** It stays where it is until somebody looks. */
	| {
			readonly is: "fault";
			readonly reason: string;
			readonly fault: Fault | undefined;
			/** Whether nobody has expected the error. */
			readonly isOurs: boolean;
	  };

/** So many faults in a row, and it does not try again. */
const FAULTS_MAX = 3;
/** What may pass by itself: a server that is busy makes everything slow. */
const MAY_PASS: ReadonlySet<string> = new Set(["time", "memory", "engine"]);

/** @param faults how many there were in a row without any progress, this one included */
export function verdictOn(error: unknown, faults: number): Verdict {
	const mayTry = faults < FAULTS_MAX;
	if (error instanceof Superseded) return { is: "standby" };
	if (error instanceof Faulted || error instanceof ScriptFault) {
		const { fault } = error;
		// Once more in any case, to keep all that came before the event: see `Run`.
		const isRough = error instanceof Faulted && !error.isExact;
		if (isRough || (mayTry && MAY_PASS.has(fault.kind))) return again(error, faults);
		return { is: "fault", reason: describeFault(fault), fault, isOurs: false };
	}
	if (error instanceof EmissionRefused || error instanceof TooMuchState) {
		return faulted(error.message);
	}
	const isOver = (["shutting-down", "writer-stopped", "not-leader"] as const).some((word) =>
		isRefusal(error, word),
	);
	if (isOver) {
		return { is: "stop", reason: messageOf(error) };
	}
	if (isRefusal(error, "unauthorized")) {
		return faulted("Its author may not read a stream that it reads from.");
	}
	if (isRefusal(error, "projection-author-gone")) {
		return faulted(`Its author, ${error.facts.login}, cannot log in any more.`);
	}
	if (mayTry) return again(error, faults);
	const isOurs = !isRefusal(error) && !(error instanceof SandboxLost);
	return { ...faulted(messageOf(error)), isOurs };
}

function again(error: unknown, faults: number): Verdict {
	return { is: "again", reason: `${messageOf(error)} (fault ${faults} of ${FAULTS_MAX})` };
}

function faulted(reason: string) {
	return { is: "fault", reason, fault: undefined, isOurs: false } as const;
}

export function messageOf(error: unknown): string {
	return error instanceof Error ? error.message : String(error);
}
