using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Vla.Actors.Policies.Remote.Messages;

/// <summary>numpy's file format, <c>.npy</c>: a header in Python's words, then the numbers.</summary>
/// <remarks>
/// numpy, <c>numpy/lib/format.py</c>: versions 1.0 to 3.0 are read, 1.0 is written. Objects, which would be pickles,
/// are none of the types that are read.
/// </remarks>
internal static partial class NumpyFile
{
    private const int LongestHeader = 4_096;

    /// <summary>The header is filled up so that the numbers begin at a multiple of it.</summary>
    private const int Alignment = 64;

    private static readonly byte[] Magic = [0x93, .. "NUMPY"u8];

    /// <param name="file">Kept for as long as what is returned.</param>
    /// <param name="path">Where it is, for messages.</param>
    /// <exception cref="WireException">It is no such file, or holds what is no number.</exception>
    public static NumpyArray Read(ReadOnlyMemory<byte> file, string path)
    {
        var bytes = file.Span;
        if (bytes.Length < 10 || !bytes.StartsWith(Magic))
            throw new WireException($"{path} is no file of numpy's");
        var (size, begin) = bytes[6] switch
        {
            1 => (BinaryPrimitives.ReadUInt16LittleEndian(bytes[8..]), 10),
            2 or 3 when bytes.Length >= 12 => (BinaryPrimitives.ReadUInt32LittleEndian(bytes[8..]), 12),
            _ => throw new WireException($"{path} is a file of numpy's of version {bytes[6]}: 1 to 3 are read"),
        };
        if (size > LongestHeader || begin + (int)size > bytes.Length)
            throw new WireException($"{path} is a file of numpy's whose header is cut off");
        var header = Encoding.UTF8.GetString(bytes.Slice(begin, (int)size));
        if (Header().Match(header) is not { Success: true } match)
            throw new WireException($"{path} is a file of numpy's whose header cannot be read");
        var shape = new List<int>();
        foreach (Capture length in match.Groups["length"].Captures)
        {
            if (!int.TryParse(length.Value, NumberStyles.None, CultureInfo.InvariantCulture, out var whole))
                throw new WireException($"{path} has a shape with {length.Value} in it");
            shape.Add(whole);
        }

        var array = NumpyArray.Of(match.Groups["type"].Value, shape, file[(begin + (int)size)..], path);
        return match.Groups["order"].Value == "True" ? InRows(array) : array;
    }

    /// <summary>All but the numbers, as numpy itself writes it.</summary>
    public static byte[] HeaderOf(string type, ReadOnlySpan<int> shape)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"{{'descr': '{type}', 'fortran_order': False, 'shape': (");
        for (var i = 0; i < shape.Length; i++)
            text.Append(i > 0 ? ", " : "").Append(shape[i]);
        // A tuple of one has a comma.
        text.Append(shape.Length == 1 ? ",), }" : "), }");
        var begin = Magic.Length + 4;
        // numpy leaves room for the first length to grow to 21 digits.
        if (shape.Length > 0)
            text.Append(' ', Math.Max(0, 21 - shape[0].ToString(CultureInfo.InvariantCulture).Length));
        text.Append(' ', Alignment - (begin + text.Length + 1) % Alignment).Append('\n');
        var file = new byte[begin + text.Length];
        Magic.CopyTo(file, 0);
        file[6] = 1;
        BinaryPrimitives.WriteUInt16LittleEndian(file.AsSpan(8), (ushort)text.Length);
        Encoding.ASCII.GetBytes(text.ToString(), file.AsSpan(begin));
        return file;
    }

    /// <summary>From columns first, as numpy keeps what was turned, to rows first.</summary>
    private static NumpyArray InRows(NumpyArray array)
    {
        if (array.Shape.Count < 2 || array.Count == 0)
            return array;
        var source = array.Data.Span;
        var target = new byte[array.Data.Length];
        var (rank, size) = (array.Shape.Count, array.ItemSize);
        var place = new int[rank];
        for (var i = 0; i < array.Count; i++)
        {
            var (from, stride) = (0, 1);
            for (var axis = 0; axis < rank; axis++)
            {
                from += place[axis] * stride;
                stride *= array.Shape[axis];
            }

            source.Slice(from * size, size).CopyTo(target.AsSpan(i * size));
            for (var axis = rank - 1; axis >= 0 && ++place[axis] == array.Shape[axis]; axis--)
                place[axis] = 0;
        }

        return array with
        {
            Data = target,
        };
    }

    [GeneratedRegex(
        @"\A\s*\{\s*'descr':\s*'(?<type>[^']{1,16})',\s*'fortran_order':\s*(?<order>True|False),\s*"
            // After each length a comma or the end, so that there is one way to read it.
            + @"'shape':\s*\(\s*(?:(?<length>[0-9]{1,10})L?\s*(?:,\s*|(?=\))))*\),?\s*\}\s*\z",
        RegexOptions.CultureInvariant,
        matchTimeoutMilliseconds: 1_000
    )]
    private static partial Regex Header();
}
