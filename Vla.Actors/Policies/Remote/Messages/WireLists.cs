using System.Runtime.InteropServices;
using MessagePack;

namespace Vla.Actors.Policies.Remote.Messages;

/// <summary>Reads the lists in a message, which hold numbers or texts.</summary>
internal static class WireLists
{
    /// <summary>Numbers in a list; what is longer comes as an array.</summary>
    private const int MostNumbers = 16_384;

    /// <summary>Numbers, row by row where they are lists of lists; or texts.</summary>
    public static WireItem Read(ref MessagePackReader reader, string path)
    {
        // A single list within a list is the list: so GR00T's clients say what is to be done, a batch of one.
        var ahead = reader.CreatePeekReader();
        var count = ahead.ReadArrayHeader();
        var nested = 0;
        while (count == 1 && ahead.NextMessagePackType == MessagePackType.Array && nested < NumpyArray.LargestRank)
        {
            count = ahead.ReadArrayHeader();
            nested++;
        }

        if (count > 0 && ahead.NextMessagePackType == MessagePackType.String)
        {
            for (; nested > 0; nested--)
                reader.ReadArrayHeader();
            return ReadTexts(ref reader, path);
        }

        var numbers = new List<float>();
        var shape = new List<int>();
        var before = reader.CreatePeekReader();
        if (TryReadNumbers(ref reader, path, numbers, shape, 0))
        {
            var data = MemoryMarshal.AsBytes(CollectionsMarshal.AsSpan(numbers)).ToArray();
            return new WireItem.Numbers(new NumpyArray('f', sizeof(float), !BitConverter.IsLittleEndian, shape, data));
        }

        reader = before;
        reader.Skip();
        return new WireItem.Other("a list that is no row of numbers or texts");
    }

    private static WireItem ReadTexts(ref MessagePackReader reader, string path)
    {
        var before = reader.CreatePeekReader();
        var count = reader.ReadArrayHeader();
        if (count > WireReader.MostItems)
            throw new WireException($"{path} lists {count} texts: allowed are {WireReader.MostItems}");
        var texts = new List<string>();
        for (var i = 0; i < count; i++)
        {
            if (reader.NextMessagePackType != MessagePackType.String)
            {
                reader = before;
                reader.Skip();
                return new WireItem.Other("a list of several kinds");
            }

            texts.Add(WireReader.Text(ref reader, path));
        }

        return new WireItem.Texts(texts);
    }

    private static bool TryReadNumbers(
        ref MessagePackReader reader,
        string path,
        List<float> numbers,
        List<int> shape,
        int level
    )
    {
        var count = reader.ReadArrayHeader();
        if (level == NumpyArray.LargestRank)
            return false;
        if (shape.Count == level)
            shape.Add(count);
        else if (shape[level] != count)
            return false;
        for (var i = 0; i < count; i++)
        {
            switch (reader.NextMessagePackType)
            {
                case MessagePackType.Array:
                    if (
                        (i > 0 && shape.Count == level + 1)
                        || !TryReadNumbers(ref reader, path, numbers, shape, level + 1)
                    )
                        return false;
                    break;
                case MessagePackType.Integer or MessagePackType.Float when shape.Count == level + 1:
                    if (numbers.Count == MostNumbers)
                        throw new WireException($"{path} lists more than {MostNumbers} numbers: send an array");
                    numbers.Add(
                        reader.NextMessagePackType == MessagePackType.Integer
                            ? (float)WireReader.Integer(ref reader)
                            : (float)reader.ReadDouble()
                    );
                    break;
                default:
                    return false;
            }
        }

        return true;
    }
}
