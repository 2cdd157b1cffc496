namespace Vla.Sensors.Images.Jpeg;

/// <summary>One Huffman table (T.81, annex C), and how its codes are read.</summary>
internal sealed class JpegHuffman
{
    /// <summary>No code of the table.</summary>
    public const int None = -1;

    private const int LongestCode = 16;
    private const int LookupBits = 9;

    // The segment it was made from: cameras send the same tables with each picture.
    private readonly byte[] _source = new byte[LongestCode + 256];
    private readonly byte[] _symbols = new byte[256];
    private readonly ushort[] _lookup = new ushort[1 << LookupBits];
    private readonly int[] _endOfLength = new int[LongestCode + 1];
    private readonly int[] _symbolOffset = new int[LongestCode + 1];
    private int _sourceLength;

    /// <summary>False until <see cref="Define"/> succeeded.</summary>
    public bool IsDefined { get; private set; }

    /// <summary>
    /// Forgets that the table was defined, at the beginning of a picture; what it was made from is kept.
    /// </summary>
    public void Undefine() => IsDefined = false;

    /// <summary>Takes over a table.</summary>
    /// <param name="definition">How many codes there are of each length 1 to 16, then the symbols; may be
    /// longer.</param>
    /// <param name="length">Bytes of <paramref name="definition"/> that are the table's.</param>
    /// <returns>False when the codes do not fit into their lengths, or the bytes end too early.</returns>
    public bool Define(ReadOnlySpan<byte> definition, out int length)
    {
        length = LongestCode;
        if (definition.Length < LongestCode)
            return false;
        for (var i = 0; i < LongestCode; i++)
            length += definition[i];
        if (length > LongestCode + 256 || length > definition.Length)
            return false;

        var source = definition[..length];
        if (_sourceLength == 0 || !source.SequenceEqual(_source.AsSpan(0, _sourceLength)))
        {
            _sourceLength = 0;
            if (!TryBuild(source))
                return false;
            source.CopyTo(_source);
            _sourceLength = length;
        }

        return IsDefined = true;
    }

    /// <summary>Reads a code and gives its symbol, or <see cref="None"/>.</summary>
    public int Decode(ref JpegBits bits)
    {
        var ahead = bits.Peek(LongestCode);
        var entry = _lookup[ahead >> (LongestCode - LookupBits)];
        if (entry != 0)
        {
            bits.Skip(entry >> 8);
            return entry & 0xFF;
        }

        for (var length = LookupBits + 1; length <= LongestCode; length++)
        {
            var code = (int)(ahead >> (LongestCode - length));
            if (code >= _endOfLength[length])
                continue;
            bits.Skip(length);
            return _symbols[code + _symbolOffset[length]];
        }

        return None;
    }

    private bool TryBuild(ReadOnlySpan<byte> source)
    {
        var symbols = source[LongestCode..];
        symbols.CopyTo(_symbols);
        Array.Clear(_lookup);
        var code = 0;
        var index = 0;
        for (var length = 1; length <= LongestCode; length++)
        {
            var count = source[length - 1];
            if (code + count > 1 << length)
                return false;
            _symbolOffset[length] = index - code;
            if (length <= LookupBits)
            {
                var share = 1 << (LookupBits - length);
                for (var i = 0; i < count; i++)
                    _lookup.AsSpan((code + i) * share, share).Fill((ushort)((length << 8) | symbols[index + i]));
            }

            index += count;
            code += count;
            // Longer codes begin with something else than these.
            _endOfLength[length] = code;
            code <<= 1;
        }

        return true;
    }
}
