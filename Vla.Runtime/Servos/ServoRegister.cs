namespace Vla.Runtime.Servos;

/// <summary>A number that a servo keeps.</summary>
/// <param name="Name">As the maker's table has it.</param>
/// <param name="Address">Of its first byte.</param>
/// <param name="Length">Bytes, 1, 2 or 4; the lowest first.</param>
/// <param name="SignBit">
/// The bit that makes it negative, the bits below it being its amount; null for a number without a sign.
/// </param>
internal sealed record ServoRegister(string Name, int Address, int Length, int? SignBit = null)
{
    /// <summary>Whether it is a number with a sign as computers have it, the two's complement.</summary>
    public bool IsSigned { get; init; }

    /// <summary>The value in its bytes.</summary>
    public int Decode(ReadOnlySpan<byte> bytes)
    {
        var raw = 0;
        for (var i = 0; i < Length; i++)
            raw |= bytes[i] << (8 * i);
        if (IsSigned)
            return raw << (32 - 8 * Length) >> (32 - 8 * Length);
        if (SignBit is not { } bit)
            return raw;
        var amount = raw & ((1 << bit) - 1);
        return (raw & (1 << bit)) == 0 ? amount : -amount;
    }

    /// <summary>Writes a value into its bytes.</summary>
    /// <exception cref="ServoException">It does not fit.</exception>
    public void Encode(int value, Span<byte> bytes)
    {
        if (!Fits(value))
            throw new ServoException($"{value} does not fit into {Name}: allowed is {Least} to {Most}");
        var raw = SignBit is { } bit && value < 0 ? -value | (1 << bit) : value;
        for (var i = 0; i < Length; i++)
            bytes[i] = (byte)(raw >> (8 * i));
    }

    public bool Fits(int value) => value >= Least && value <= Most;

    private long Most =>
        SignBit is { } bit ? (1L << bit) - 1
        : IsSigned ? (1L << (8 * Length - 1)) - 1
        : Length == 4 ? int.MaxValue
        : (1L << (8 * Length)) - 1;

    private long Least =>
        SignBit is not null ? -Most
        : IsSigned ? -Most - 1
        : 0;
}
