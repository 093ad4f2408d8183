/** Completions for zsh: a function for `$fpath`, with what each word means beside it. */
import { type Choice, type Completed, quoted, valueCases } from "./table.ts";

export function zshScript(verbs: readonly Completed[]): string {
	const named = [
		...verbs,
		{ name: "help", summary: "Explain a verb" },
		{ name: "version", summary: "Print the version" },
	];
	const described = named.map(({ name, summary }) => quoted(`${name}:${summary}`));
	return `#compdef varve
# zsh completion for varve, printed by: varve completion zsh
_varve() {
	local verb=$words[2] before=$words[CURRENT-1]
	local -a names options
	if ((CURRENT == 2)) || { ((CURRENT == 3)) && [[ $verb == help ]] }; then
		names=(
			${described.join("\n\t\t\t")}
		)
		_describe verb names
		return
	fi
	if [[ $words[CURRENT] == --*=* ]]; then
		before=\${words[CURRENT]%%=*}
		compset -P '*='
	fi
	case "$verb $before" in
${valueCases(verbs, offer)}
	esac
	case $verb in
${verbs.map(verbCase).join("\n")}
	esac
}
if [[ $funcstack[1] == _varve ]]; then _varve "$@"; else compdef _varve varve; fi
`;
}

function verbCase({ name, flags, operand }: Completed): string {
	const described = flags.map((flag) => quoted(`--${flag.name}:${flag.help}`));
	const offered =
		operand.length === 0 ? "" : `\n\t\t[[ $words[CURRENT] == -* ]] || ${offer(operand)}`;
	return `\t${name})
		options=(
			${described.join("\n\t\t\t")}
		)
		_describe -o option options${offered}
		;;`;
}

function offer(choice: Choice): string {
	if (choice === "files") return "_files";
	if (choice === "directories") return "_files -/";
	return choice.length === 0 ? "" : `compadd -- ${choice.join(" ")}`;
}
