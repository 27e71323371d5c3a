/**
 * `bptt/metrics`: scores of outputs. Confusion matrices, edit distance and error rates, BLEU, errors and coverage of
 * forecasts, likelihood. Everything here works on plain numbers and strings, from any model.
 */

export { Bleu, type BleuOptions, type BleuSmoothing, corpusBleu, sentenceBleu, type Token } from '../metrics/bleu.js';
export { type ClassScores, ConfusionMatrix, largestClasses } from '../metrics/confusion-matrix.js';
export { type Edits, editDistance } from '../metrics/edit-distance.js';
export { characterErrorRate, ErrorRate, wordErrorRate } from '../metrics/error-rate.js';
export { IntervalCoverage, QuantileLoss, RegressionErrors } from '../metrics/forecast-errors.js';
export { KeyLikelihood } from '../metrics/key-likelihood.js';
export { bitsFromNats, LikelihoodLoss, perplexity } from '../metrics/likelihood.js';
export { naiveForecast, seasonalNaiveForecast } from '../metrics/naive-forecast.js';
