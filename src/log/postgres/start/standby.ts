/**
 * Whether commits wait for a synchronous standby. A database that loses its last standby may go on
 * without one: Patroni empties `synchronous_standby_names`, unless its mode is strict. Then what is
 * acknowledged is on one machine, and PostgreSQL looks as if there had never been a standby. So a
 * node remembers that there was one.
 */
import type { StandbyState } from "../../../observe/numbers/log-activity.ts";
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
	#isAwaited = false;
	#isConnected: boolean | undefined;
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

	get state(): StandbyState {
		const isConnected = this.#isAwaited ? this.#isConnected : undefined;
		return {
			mode: this.#mode,
			awaited: this.#isAwaited,
			...(isConnected === undefined ? {} : { connected: isConnected }),
			missing: this.#isMissing,
		};
	}

	/**
	 * @param standbys the setting `synchronous_standby_names` in force
	 * @param isConnected whether one of them is; undefined if this role may not see that
	 */
	saw(standbys: string, isConnected: boolean | undefined): void {
		this.#isAwaited = standbys !== "";
		this.#isConnected = isConnected;
		if (this.#isAwaited) this.#seen.noteStandby();
		if (this.#isMissing === this.#isTold) return;
		this.#isTold = this.#isMissing;
		if (this.#isTold) this.#tell("warn", LOST);
		else this.#tell("info", BACK);
	}

	get #isMissing(): boolean {
		if (this.#isAwaited || this.#mode === "ignore") return false;
		return this.#mode === "require" || this.#seen.hadStandby;
	}
}
