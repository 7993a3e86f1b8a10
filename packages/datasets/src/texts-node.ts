import { loadPassengers, type Series } from "./airline-passengers.ts";
import type { FileOptions } from "./file-options.ts";
import { loadNames } from "./first-names.ts";
import { loadFiles } from "./load-files-node.ts";
import { loadMoviePolarity, type MoviePolarityOptions, type TrainAndTestTexts } from "./movie-polarity.ts";
import { loadShakespeare, type SplitText } from "./shakespeare.ts";

export const shakespeare = (options: FileOptions = {}): Promise<SplitText> => loadShakespeare(options, loadFiles);

export const moviePolarity = (options: MoviePolarityOptions = {}): Promise<TrainAndTestTexts> =>
  loadMoviePolarity(options, loadFiles);

export const airlinePassengers = (options: FileOptions = {}): Promise<Series> => loadPassengers(options, loadFiles);

export const firstNames = (options: FileOptions = {}): Promise<readonly string[]> => loadNames(options, loadFiles);
