/**
 * Reference of gradient clipping and of the optimizer updates, which are those of PyTorch (torch.nn.utils.clip_grad,
 * torch.optim). P is the number of parameters; w, g and the optimizer state may have any shape with P elements. New
 * values are returned under the operand's name; no operand is modified.
 */

import { OptionError, ShapeError } from '../../src/core/errors.js';
import { copy, element, type Matrix, mapElements, requireShape, scalar } from './matrix.js';

/**
 * norm = sqrt(sum of g^2);  g *= min(1, max / (norm + 1e-6)). A max that is not positive and finite means do not clip,
 * and a norm that is not finite leaves g alone. Where the loss is not finite the norm is NaN, so that no update follows.
 *
 * @param operands.max  [1,1]
 * @param operands.loss [1,1]
 * @returns g; norm [1,1], before clipping
 */
export function clipNorm({ g, max, loss }: { g: Matrix; max: Matrix; loss?: Matrix | undefined }): {
  g: Matrix;
  norm: Matrix;
} {
  const limit = number('max', max);
  const isSound = loss === undefined || Number.isFinite(number('loss', loss));
  const norm = isSound ? Math.sqrt(g.data.reduce((sum, value) => sum + value * value, 0)) : Number.NaN;
  const clips = limit > 0 && Number.isFinite(limit) && Number.isFinite(norm);
  const factor = clips ? Math.min(1, limit / (norm + 1e-6)) : 1;
  return { g: mapElements(g, (value) => (clips ? value * factor : value)), norm: scalar(norm) };
}

/**
 * g = min(max(g, -limit), limit); a NaN stays one. An infinite limit changes nothing.
 *
 * @param operands.limit [1,1], >= 0
 * @throws {OptionError} `invalid_option` for a negative or NaN limit, which no range has
 */
export function clipValue({ g, limit }: { g: Matrix; limit: Matrix }): { g: Matrix } {
  const bound = number('limit', limit);
  if (!(bound >= 0)) {
    throw new OptionError('invalid_option', `limit is ${bound}, expected a number >= 0`);
  }
  return { g: mapElements(g, (value) => Math.min(Math.max(value, -bound), bound)) };
}

/**
 * d = g + weightDecay*w.  With momentum: m = d in the first step, later momentum*m + (1 - dampening)*d;
 * d = nesterov ? d + momentum*m : m.  w -= lr*d.  A momentum of 0 leaves m alone.
 *
 * @param operands.m    needed when momentum is not 0
 * @param operands.norm [1,1] gradient norm; everything is left alone when it is not finite
 * @param operands.h    [1,6] lr, momentum, dampening, weightDecay, nesterov (0/1), firstStep (0/1)
 */
export function sgd(operands: { w: Matrix; g: Matrix; m?: Matrix | undefined; norm: Matrix; h: Matrix }): {
  w: Matrix;
  m?: Matrix;
} {
  const { g, norm, h } = operands;
  const [w, m] = [copy(operands.w), copyOptional(operands.m)];
  const [lr, momentum, dampening, weightDecay, nesterov, firstStep] = settings(h, 6);
  requireElements({ w, g, m });
  if (momentum !== 0 && m === undefined) {
    throw new OptionError('invalid_option', `momentum is ${momentum}, but its buffer m is absent`);
  }
  if (Number.isFinite(number('norm', norm))) {
    for (let p = 0; p < w.data.length; p++) {
      let d = element(g.data, p) + weightDecay * element(w.data, p);
      if (momentum !== 0 && m !== undefined) {
        const buffer = firstStep !== 0 ? d : momentum * element(m.data, p) + (1 - dampening) * d;
        m.data[p] = buffer;
        d = nesterov !== 0 ? d + momentum * buffer : buffer;
      }
      w.data[p] = element(w.data, p) - lr * d;
    }
  }
  return m === undefined ? { w } : { w, m };
}

/**
 * Adam (Kingma & Ba 2015): d = g + weightDecay*w; or AdamW (Loshchilov & Hutter 2019): w *= 1 - lr*weightDecay, d = g.
 * m = beta1*m + (1 - beta1)*d;  v = beta2*v + (1 - beta2)*d^2;
 * w -= lr * (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + eps).
 * AMSGrad (Reddi, Kale, Kumar 2018) where `largest` is given: largest = max(largest, v) in the place of that v.
 *
 * @param operands.norm [1,1] gradient norm; everything is left alone when it is not finite
 * @param operands.h    [1,8] lr, beta1, beta2, eps, weightDecay, decoupled (0/1), 1 - beta1^t, 1 - beta2^t
 */
export function adam(operands: {
  w: Matrix;
  g: Matrix;
  m: Matrix;
  v: Matrix;
  largest?: Matrix | undefined;
  norm: Matrix;
  h: Matrix;
}): { w: Matrix; m: Matrix; v: Matrix; largest?: Matrix } {
  const { g, norm, h } = operands;
  const [w, m, v, largest] = [copy(operands.w), copy(operands.m), copy(operands.v), copyOptional(operands.largest)];
  const [lr, beta1, beta2, eps, weightDecay, decoupled, correction1, correction2] = settings(h, 8);
  requireElements({ w, g, m, v, largest });
  if (Number.isFinite(number('norm', norm))) {
    for (let p = 0; p < w.data.length; p++) {
      const weight = element(w.data, p);
      const decayed = decoupled !== 0 ? weight * (1 - lr * weightDecay) : weight;
      const d = decoupled !== 0 ? element(g.data, p) : element(g.data, p) + weightDecay * weight;
      const mean = beta1 * element(m.data, p) + (1 - beta1) * d;
      const square = beta2 * element(v.data, p) + (1 - beta2) * d * d;
      m.data[p] = mean;
      v.data[p] = square;
      if (largest !== undefined) largest.data[p] = Math.max(element(largest.data, p), square);
      const bound = largest === undefined ? square : element(largest.data, p);
      w.data[p] = decayed - (lr * (mean / correction1)) / (Math.sqrt(bound / correction2) + eps);
    }
  }
  return largest === undefined ? { w, m, v } : { w, m, v, largest };
}

/**
 * Adagrad (Duchi, Hazan, Singer 2011): d = g + weightDecay*w;  s += d^2;  w -= lr * d / (sqrt(s) + eps).
 *
 * @param operands.norm [1,1] gradient norm; everything is left alone when it is not finite
 * @param operands.h    [1,3] lr, eps, weightDecay
 */
export function adagrad(operands: { w: Matrix; g: Matrix; s: Matrix; norm: Matrix; h: Matrix }): {
  w: Matrix;
  s: Matrix;
} {
  const { g, norm, h } = operands;
  const [w, s] = [copy(operands.w), copy(operands.s)];
  const [lr, eps, weightDecay] = settings(h, 3);
  requireElements({ w, g, s });
  if (Number.isFinite(number('norm', norm))) {
    for (let p = 0; p < w.data.length; p++) {
      const d = element(g.data, p) + weightDecay * element(w.data, p);
      const sum = element(s.data, p) + d * d;
      s.data[p] = sum;
      w.data[p] = element(w.data, p) - (lr * d) / (Math.sqrt(sum) + eps);
    }
  }
  return { w, s };
}

/** w = value, where the gradient norm [1,1] is finite. */
export function replace(operands: { w: Matrix; value: Matrix; norm: Matrix }): { w: Matrix } {
  const { w, value, norm } = operands;
  requireShape('value', value, w.rows, w.columns);
  return { w: copy(Number.isFinite(number('norm', norm)) ? value : w) };
}

/**
 * d = g + weightDecay*w;  s = alpha*s + (1 - alpha)*d^2;  u = d / (sqrt(s) + eps), or d / sqrt(s + eps);
 * with momentum m = momentum*m + u and w -= lr*m, else w -= lr*u. A momentum of 0 leaves m alone.
 *
 * @param operands.m    needed when momentum is not 0
 * @param operands.norm [1,1] gradient norm; everything is left alone when it is not finite
 * @param operands.h    [1,6] lr, alpha, eps, weightDecay, momentum, epsInsideRoot (0/1; 1 is TensorFlow's)
 */
export function rmsprop(operands: {
  w: Matrix;
  g: Matrix;
  s: Matrix;
  m?: Matrix | undefined;
  norm: Matrix;
  h: Matrix;
}): { w: Matrix; s: Matrix; m?: Matrix } {
  const { g, norm, h } = operands;
  const [w, s, m] = [copy(operands.w), copy(operands.s), copyOptional(operands.m)];
  const [lr, alpha, eps, weightDecay, momentum, epsInsideRoot] = settings(h, 6);
  requireElements({ w, g, s, m });
  if (momentum !== 0 && m === undefined) {
    throw new OptionError('invalid_option', `momentum is ${momentum}, but its buffer m is absent`);
  }
  if (Number.isFinite(number('norm', norm))) {
    for (let p = 0; p < w.data.length; p++) {
      const d = element(g.data, p) + weightDecay * element(w.data, p);
      const square = alpha * element(s.data, p) + (1 - alpha) * d * d;
      s.data[p] = square;
      let u = d / (epsInsideRoot !== 0 ? Math.sqrt(square + eps) : Math.sqrt(square) + eps);
      if (momentum !== 0 && m !== undefined) {
        u = momentum * element(m.data, p) + u;
        m.data[p] = u;
      }
      w.data[p] = element(w.data, p) - lr * u;
    }
  }
  return m === undefined ? { w, s } : { w, s, m };
}

type Settings = [number, number, number, number, number, number, number, number];

function settings(h: Matrix, count: 3 | 6 | 8): Settings {
  requireShape('h', h, 1, count);
  return Array.from({ length: 8 }, (_, index) => h.data[index] ?? 0) as Settings;
}

function number(name: string, operand: Matrix): number {
  requireShape(name, operand, 1, 1);
  return element(operand.data, 0);
}

function copyOptional(source: Matrix | undefined): Matrix | undefined {
  return source === undefined ? undefined : copy(source);
}

function requireElements(operands: Record<string, Matrix | undefined>): void {
  const expected = operands.w?.data.length;
  for (const [name, operand] of Object.entries(operands)) {
    if (operand !== undefined && operand.data.length !== expected) {
      throw new ShapeError('length_mismatch', `${name} holds ${operand.data.length} elements, w ${expected}`);
    }
  }
}
