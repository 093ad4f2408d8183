/// <reference types="varve/projections" />
// How many events of each type there are, in one state.
options({ resultStreamName: "counters", $includeLinks: false });

fromAll()
	.when({
		$any(s, e) {
			s[e.eventType] = (s[e.eventType] || 0) + 1;
			return s;
		},
	})
	.outputTo("counters", "counters-{0}");
