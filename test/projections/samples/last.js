/// <reference types="varve/projections" />
// Without handlers, the state is the data of the last event.
fromStream("settings").outputState();
