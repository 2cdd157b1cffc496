using TorchSharp;

namespace Vla.Actors.Torch;

/// <summary>Numbers for Torch's operations that are there for as long as the process is.</summary>
/// <remarks>
/// Where a number is written into a call, TorchSharp makes a scalar of it whose finalizer may run while Torch still
/// reads it: the collector sees no more use of it once its handle has been taken out. Other numbers are named with
/// <c>using</c>, which keeps them until then.
/// </remarks>
internal static class Scalars
{
    public static Scalar Zero { get; } = 0;

    public static Scalar Half { get; } = 0.5;

    public static Scalar MinusHalf { get; } = -0.5;

    public static Scalar MinusOne { get; } = -1;

    public static Scalar One { get; } = 1;

    public static Scalar Two { get; } = 2;
}
