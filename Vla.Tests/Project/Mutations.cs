using System.Buffers.Binary;
using System.Text;

namespace Vla.Tests.Project;

/// <summary>Damages files in the ways that find what a parser forgot, the same for the same number.</summary>
/// <param name="seeds">Files that are fine.</param>
internal sealed class Mutations(IReadOnlyList<byte[]> seeds)
{
    private static readonly byte[] Bytes =
    [
        0,
        1,
        0x7f,
        0x80,
        0xff,
        (byte)'(',
        (byte)'}',
        (byte)']',
        (byte)'"',
        (byte)'\\',
        (byte)'{',
        (byte)'[',
        (byte)'-',
        (byte)'9',
        0xc3,
    ];
    private static readonly long[] Numbers =
    [
        0,
        1,
        -1,
        int.MaxValue,
        int.MinValue,
        uint.MaxValue,
        long.MaxValue,
        long.MinValue,
        1L << 40,
        65_535,
    ];
    private static readonly string[] Texts =
    [
        "1e999",
        "-1",
        "99999999999999999999",
        "0.5",
        "null",
        "\"\\ud800\"",
        "[]",
        "{}",
        "true",
        "NaN",
        "65536",
        "1000000",
    ];

    /// <summary>One to eight damages of one of the seeds.</summary>
    public byte[] Make(int number)
    {
        var random = new Random(number);
        List<byte> bytes = [.. seeds[random.Next(seeds.Count)]];
        for (var count = 1 << random.Next(4); count > 0; count--)
            Damage(bytes, random);
        return [.. bytes];
    }

    private void Damage(List<byte> bytes, Random random)
    {
        if (bytes.Count == 0)
            return;
        var at = random.Next(bytes.Count);
        var length = Math.Min(bytes.Count - at, 1 << random.Next(10));
        switch (random.Next(10))
        {
            case 0:
                bytes[at] ^= (byte)(1 << random.Next(8));
                break;
            case 1:
                bytes[at] = Bytes[random.Next(Bytes.Length)];
                break;
            case 2:
                bytes[at] = (byte)random.Next(256);
                break;
            case 3:
                bytes.RemoveRange(at, length);
                break;
            case 4:
                bytes.InsertRange(at, bytes.GetRange(at, length));
                break;
            case 5:
                bytes.InsertRange(at, Enumerable.Repeat(bytes[at], length));
                break;
            case 6:
                Overwrite(bytes, at, random);
                break;
            case 7:
                ReplaceNumber(bytes, at, random);
                break;
            case 8:
                bytes.RemoveRange(at, bytes.Count - at);
                break;
            default:
                var other = seeds[random.Next(seeds.Count)];
                var from = random.Next(other.Length);
                bytes.InsertRange(at, other.AsSpan(from, Math.Min(other.Length - from, length)).ToArray());
                break;
        }
    }

    private static void Overwrite(List<byte> bytes, int at, Random random)
    {
        var number = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(number, Numbers[random.Next(Numbers.Length)]);
        var width = 1 << random.Next(1, 4);
        for (var i = 0; i < width && at + i < bytes.Count; i++)
            bytes[at + i] = number[i];
    }

    // The next number written in digits becomes something else.
    private static void ReplaceNumber(List<byte> bytes, int at, Random random)
    {
        while (at < bytes.Count && !char.IsAsciiDigit((char)bytes[at]))
            at++;
        var end = at;
        while (end < bytes.Count && char.IsAsciiDigit((char)bytes[end]))
            end++;
        bytes.RemoveRange(at, end - at);
        bytes.InsertRange(at, Encoding.UTF8.GetBytes(Texts[random.Next(Texts.Length)]));
    }
}
