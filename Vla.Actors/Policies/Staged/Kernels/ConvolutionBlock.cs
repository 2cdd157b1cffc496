using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Vla.Actors.Policies.Staged.Kernels;

/// <summary>
/// A 3 × 3 convolution of two rows of a few neighbouring places for 32 outputs, then ReLU, then one of two ways to make
/// less of them.
/// </summary>
/// <remarks>
/// <para>
/// All sums stay in registers from the first product to the last, with as many of them as the processor needs to begin
/// two products in every cycle; each weight that is loaded serves all places, each input all outputs. In a
/// channels-last map the inputs of three neighbouring places lie one after another, so a kernel's row is one run
/// through memory whatever the number of channels.
/// </para>
/// <para>One version for vectors of 512 bits (AVX-512, 32 registers), one for 256 (AVX2, 16 registers).</para>
/// </remarks>
internal static unsafe class ConvolutionBlock
{
    /// <summary>Outputs that are computed together; a layer's number of outputs is a multiple of it.</summary>
    public const int Outputs = 32;

    private const int Rows = 3;

    /// <summary>False where the processor's vectors are too short to be worth it.</summary>
    public static bool IsSupported =>
        Vector512.IsHardwareAccelerated || (Vector256.IsHardwareAccelerated && Fma.IsSupported);

    /// <summary>Neighbouring places of a row that are computed together.</summary>
    public static int Columns => Vector512.IsHardwareAccelerated ? 4 : 2;

    /// <param name="input">The first of the places around the upper left one.</param>
    /// <param name="rowLength">Numbers from one row of the input to the next.</param>
    /// <param name="channels">Of the input.</param>
    /// <param name="weights">[3 × 3 × channels][32].</param>
    /// <param name="bias">[32].</param>
    /// <param name="result">Pooled: where the first of the half as many places that come out goes. Summed: [32], added
    /// to.</param>
    /// <param name="placeLength">Pooled: numbers from one place of the result to the next.</param>
    /// <param name="pooled">Whether of 2 × 2 places the greatest is taken, or all are added up.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Run(
        float* input,
        int rowLength,
        int channels,
        float* weights,
        float* bias,
        float* result,
        int placeLength,
        bool pooled
    )
    {
        if (Vector512.IsHardwareAccelerated)
        {
            Run512(input, rowLength, channels, weights, bias, result, placeLength, pooled);
            return;
        }

        for (var half = 0; half < Outputs; half += 2 * Vector256<float>.Count)
            Run256(input, rowLength, channels, weights + half, bias + half, result + half, placeLength, pooled);
    }

    /// <summary>Four columns, 32 outputs: a for the first 16 of them, b for the others.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Run512(
        float* input,
        int rowLength,
        int channels,
        float* weights,
        float* bias,
        float* result,
        int placeLength,
        bool pooled
    )
    {
        var (second, third, fourth) = (channels, 2 * channels, 3 * channels);
        Vector512<float> a0,
            a1,
            a2,
            a3,
            a4,
            a5,
            a6,
            a7,
            b0,
            b1,
            b2,
            b3,
            b4,
            b5,
            b6,
            b7;
        a0 = a1 = a2 = a3 = a4 = a5 = a6 = a7 = Vector512.Load(bias);
        b0 = b1 = b2 = b3 = b4 = b5 = b6 = b7 = Vector512.Load(bias + Vector512<float>.Count);
        for (var row = 0; row < Rows; row++)
        {
            var below = input + rowLength;
            for (var i = 0; i < 3 * channels; i++, weights += Outputs)
            {
                var wa = Vector512.Load(weights);
                var wb = Vector512.Load(weights + Vector512<float>.Count);
                var x = Vector512.Create(input[i]);
                a0 = Vector512.FusedMultiplyAdd(x, wa, a0);
                b0 = Vector512.FusedMultiplyAdd(x, wb, b0);
                x = Vector512.Create(input[i + second]);
                a1 = Vector512.FusedMultiplyAdd(x, wa, a1);
                b1 = Vector512.FusedMultiplyAdd(x, wb, b1);
                x = Vector512.Create(input[i + third]);
                a2 = Vector512.FusedMultiplyAdd(x, wa, a2);
                b2 = Vector512.FusedMultiplyAdd(x, wb, b2);
                x = Vector512.Create(input[i + fourth]);
                a3 = Vector512.FusedMultiplyAdd(x, wa, a3);
                b3 = Vector512.FusedMultiplyAdd(x, wb, b3);
                x = Vector512.Create(below[i]);
                a4 = Vector512.FusedMultiplyAdd(x, wa, a4);
                b4 = Vector512.FusedMultiplyAdd(x, wb, b4);
                x = Vector512.Create(below[i + second]);
                a5 = Vector512.FusedMultiplyAdd(x, wa, a5);
                b5 = Vector512.FusedMultiplyAdd(x, wb, b5);
                x = Vector512.Create(below[i + third]);
                a6 = Vector512.FusedMultiplyAdd(x, wa, a6);
                b6 = Vector512.FusedMultiplyAdd(x, wb, b6);
                x = Vector512.Create(below[i + fourth]);
                a7 = Vector512.FusedMultiplyAdd(x, wa, a7);
                b7 = Vector512.FusedMultiplyAdd(x, wb, b7);
            }

            input = below;
        }

        if (pooled)
        {
            Pool(a0, a1, a4, a5).Store(result);
            Pool(b0, b1, b4, b5).Store(result + Vector512<float>.Count);
            Pool(a2, a3, a6, a7).Store(result + placeLength);
            Pool(b2, b3, b6, b7).Store(result + placeLength + Vector512<float>.Count);
        }
        else
        {
            (Vector512.Load(result) + Sum(a0, a1, a4, a5) + Sum(a2, a3, a6, a7)).Store(result);
            result += Vector512<float>.Count;
            (Vector512.Load(result) + Sum(b0, b1, b4, b5) + Sum(b2, b3, b6, b7)).Store(result);
        }
    }

    /// <summary>Two columns, 16 outputs: a for the first 8 of them, b for the others.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Run256(
        float* input,
        int rowLength,
        int channels,
        float* weights,
        float* bias,
        float* result,
        int placeLength,
        bool pooled
    )
    {
        Vector256<float> a0,
            a1,
            a2,
            a3,
            b0,
            b1,
            b2,
            b3;
        a0 = a1 = a2 = a3 = Vector256.Load(bias);
        b0 = b1 = b2 = b3 = Vector256.Load(bias + Vector256<float>.Count);
        for (var row = 0; row < Rows; row++)
        {
            var below = input + rowLength;
            for (var i = 0; i < 3 * channels; i++, weights += Outputs)
            {
                var wa = Vector256.Load(weights);
                var wb = Vector256.Load(weights + Vector256<float>.Count);
                var x = Vector256.Create(input[i]);
                a0 = Vector256.FusedMultiplyAdd(x, wa, a0);
                b0 = Vector256.FusedMultiplyAdd(x, wb, b0);
                x = Vector256.Create(input[i + channels]);
                a1 = Vector256.FusedMultiplyAdd(x, wa, a1);
                b1 = Vector256.FusedMultiplyAdd(x, wb, b1);
                x = Vector256.Create(below[i]);
                a2 = Vector256.FusedMultiplyAdd(x, wa, a2);
                b2 = Vector256.FusedMultiplyAdd(x, wb, b2);
                x = Vector256.Create(below[i + channels]);
                a3 = Vector256.FusedMultiplyAdd(x, wa, a3);
                b3 = Vector256.FusedMultiplyAdd(x, wb, b3);
            }

            input = below;
        }

        if (pooled)
        {
            Pool(a0, a1, a2, a3).Store(result);
            Pool(b0, b1, b2, b3).Store(result + Vector256<float>.Count);
        }
        else
        {
            (Vector256.Load(result) + Sum(a0, a1, a2, a3)).Store(result);
            result += Vector256<float>.Count;
            (Vector256.Load(result) + Sum(b0, b1, b2, b3)).Store(result);
        }
    }

    // Max, not MaxNative: a value that is not a number must stay one, so that the publisher refuses what comes of it.
    private static Vector512<float> Pool(
        Vector512<float> a,
        Vector512<float> b,
        Vector512<float> c,
        Vector512<float> d
    ) => Rectify(Vector512.Max(Vector512.Max(a, b), Vector512.Max(c, d)));

    private static Vector512<float> Sum(
        Vector512<float> a,
        Vector512<float> b,
        Vector512<float> c,
        Vector512<float> d
    ) => Rectify(a) + Rectify(b) + (Rectify(c) + Rectify(d));

    private static Vector512<float> Rectify(Vector512<float> value) => Vector512.Max(value, Vector512<float>.Zero);

    private static Vector256<float> Pool(
        Vector256<float> a,
        Vector256<float> b,
        Vector256<float> c,
        Vector256<float> d
    ) => Rectify(Vector256.Max(Vector256.Max(a, b), Vector256.Max(c, d)));

    private static Vector256<float> Sum(
        Vector256<float> a,
        Vector256<float> b,
        Vector256<float> c,
        Vector256<float> d
    ) => Rectify(a) + Rectify(b) + (Rectify(c) + Rectify(d));

    private static Vector256<float> Rectify(Vector256<float> value) => Vector256.Max(value, Vector256<float>.Zero);
}
