/**
 * Whether commits wait for a synchronous standby. A database that loses its last standby may go on
 * without one: Patroni empties `synchronous_standby_names`, unless its mode is strict. Then what is
 * acknowledged is on one machine, and PostgreSQL looks as if there had never been a standby. So a
 * node remembers that there was one.
 */
import type { SeenHistory } from "./history.ts";

/** What to do about it: tell the operator, refuse appends besides, or nothing. */
export const STANDBY_MODES = ["warn", "require", "ignore"] as const;
export type StandbyMode = (typeof STANDBY_MODES)[number];

const LOST =
	"commits wait for no standby any more: what is acknowledged is on the primary alone. " +
	"See docs/postgresql.md, A standby that is lost";
const BACK = "commits wait for a standby again";

export class StandbyWatch {
	readonly #mode: StandbyMode;
	readonly #seen: Pick<SeenHistory, "hadStandby" | "noteStandby">;
	readonly #tell: (level: "info" | "warn", text: string) => void;
	#has = false;
	#isTold = false;

	constructor(
		mode: StandbyMode,
		seen: Pick<SeenHistory, "hadStandby" | "noteStandby">,
		tell: (level: "info" | "warn", text: string) => void,
	) {
		this.#mode = mode;
		this.#seen = seen;
		this.#tell = tell;
	}

	/** Undefined if none is expected. */
	get has(): boolean | undefined {
		return this.#has || this.#isMissing ? this.#has : undefined;
	}

	/** @param standbys the setting `synchronous_standby_names` in force */
	saw(standbys: string): void {
		this.#has = standbys !== "";
		if (this.#has) this.#seen.noteStandby();
		if (this.#isMissing === this.#isTold) return;
		this.#isTold = this.#isMissing;
		if (this.#isTold) this.#tell("warn", LOST);
		else this.#tell("info", BACK);
	}

	get #isMissing(): boolean {
		if (this.#has || this.#mode === "ignore") return false;
		return this.#mode === "require" || this.#seen.hadStandby;
	}
}
