using System.Buffers;
using System.Text;
using MessagePack;
using Vla.Actors.Checkpoints;

namespace Vla.Actors.Policies.Remote.Messages;

/// <summary>
/// Reads a message: MessagePack with numpy's arrays as openpi packs them, a map with the binary keys
/// <c>__ndarray__</c>, <c>data</c>, <c>dtype</c> and <c>shape</c>; the same keys as text are taken too. And as GR00T
/// does, a map with <c>__ndarray_class__</c> and numpy's file (<c>as_npy</c>).
/// </summary>
/// <remarks>
/// Nothing that comes is believed: depth, names, lists and shapes are bounded, the bytes of arrays are not copied, and
/// no type is ever made by its name.
/// </remarks>
internal static class WireReader
{
    /// <summary>Maps within maps.</summary>
    private const int DeepestMap = 8;

    /// <summary>Things in one message.</summary>
    internal const int MostItems = 1_024;

    private const int LongestName = 256;
    private const int LongestText = 16_384;

    /// <param name="message">Kept for as long as the arrays in what is returned.</param>
    /// <exception cref="WireException">It is no such message; in words.</exception>
    public static WireMap Read(ReadOnlyMemory<byte> message) => Read(message, takesList: false);

    /// <summary>The same, of the first map of a list as well: what follows it is looked over and left out.</summary>
    /// <exception cref="WireException">It is no such message; in words.</exception>
    public static WireMap ReadFirst(ReadOnlyMemory<byte> message) => Read(message, takesList: true);

    private static WireMap Read(ReadOnlyMemory<byte> message, bool takesList)
    {
        var map = new WireMap();
        try
        {
            var reader = new MessagePackReader(message);
            var others = 0;
            if (takesList && !message.IsEmpty && reader.NextMessagePackType == MessagePackType.Array)
                others = reader.ReadArrayHeader() - 1;
            if (others < 0)
                throw new WireException("the message is an empty list, where a map was to be the first thing in it");
            if (message.IsEmpty || reader.NextMessagePackType != MessagePackType.Map)
                throw new WireException($"the message is {Kind(message, reader)}, not a MessagePack map");
            ReadMap(ref reader, "", map, DeepestMap);
            for (; others > 0; others--)
                reader.Skip();
            if (!reader.End)
                throw new WireException($"{message.Length - reader.Consumed} bytes follow the message's map");
        }
        catch (EndOfStreamException e)
        {
            throw new WireException($"the message is cut off after {message.Length} bytes", e);
        }
        catch (Exception e)
            when (e
                    is MessagePackSerializationException
                        or OverflowException
                        or ArgumentException
                        or InsufficientExecutionStackException
            )
        {
            throw new WireException($"the message is no MessagePack: {ErrorText.FirstLine(e.Message)}", e);
        }

        return map;
    }

    private static string Kind(ReadOnlyMemory<byte> message, MessagePackReader reader) =>
        message.IsEmpty ? "empty" : $"{reader.NextMessagePackType}";

    private static void ReadMap(ref MessagePackReader reader, string path, WireMap map, int depth)
    {
        if (depth == 0)
            throw new WireException($"{ErrorText.Bounded(path)} lies deeper than {DeepestMap} maps");
        var count = reader.ReadMapHeader();
        for (var i = 0; i < count; i++)
        {
            var name = ReadName(ref reader, path);
            ReadItem(ref reader, path.Length == 0 ? name : $"{path}/{name}", map, depth);
            if (map.Paths.Count > MostItems)
                throw new WireException($"the message has more than {MostItems} things in it");
        }
    }

    private static void ReadItem(ref MessagePackReader reader, string path, WireMap map, int depth)
    {
        switch (reader.NextMessagePackType)
        {
            case MessagePackType.Map when HasMark(reader):
                map.Add(path, ReadMarked(ref reader, path));
                break;
            case MessagePackType.Map:
                ReadMap(ref reader, path, map, depth - 1);
                break;
            case MessagePackType.Array:
                map.Add(path, WireLists.Read(ref reader, path));
                break;
            default:
                map.Add(path, ReadSingle(ref reader, path));
                break;
        }
    }

    private static WireItem ReadSingle(ref MessagePackReader reader, string path)
    {
        switch (reader.NextMessagePackType)
        {
            case MessagePackType.String:
                return new WireItem.Text(Text(ref reader, path));
            case MessagePackType.Integer:
                return new WireItem.Number(Integer(ref reader));
            case MessagePackType.Float:
                return new WireItem.Number(reader.ReadDouble());
            case MessagePackType.Boolean:
                return new WireItem.Flag(reader.ReadBoolean());
            case MessagePackType.Nil:
                reader.ReadNil();
                return new WireItem.Nil();
            case var other:
                reader.Skip();
                return new WireItem.Other($"of MessagePack's kind {other}");
        }
    }

    internal static double Integer(ref MessagePackReader reader) =>
        // Its first byte says whether it may be below 0.
        reader.NextCode is MessagePackCode.UInt64
            ? reader.ReadUInt64()
            : reader.ReadInt64();

    /// <summary>Whether the map that comes is one of those that stand for something of numpy's.</summary>
    private static bool HasMark(MessagePackReader reader)
    {
        var ahead = reader.CreatePeekReader();
        var count = ahead.ReadMapHeader();
        // A picture's has five keys, an array's four, a number's three, a file's two.
        if (count > 5)
            return false;
        for (var i = 0; i < count; i++)
        {
            if (ahead.NextMessagePackType is MessagePackType.String or MessagePackType.Binary)
            {
                if (ReadName(ref ahead, "") is "__ndarray__" or "__npgeneric__" or "__ndarray_class__" or "__image__")
                    return true;
            }
            else
            {
                ahead.Skip();
            }

            ahead.Skip();
        }

        return false;
    }

    private static WireItem ReadMarked(ref MessagePackReader reader, string path)
    {
        var (type, shape, data, single) = ("", (List<int>?)null, (ReadOnlyMemory<byte>?)null, (WireItem?)null);
        var (isPicture, format, file) = (false, "", (ReadOnlyMemory<byte>?)null);
        var count = reader.ReadMapHeader();
        for (var i = 0; i < count; i++)
        {
            switch (ReadName(ref reader, path))
            {
                case "dtype":
                    type = reader.NextMessagePackType is MessagePackType.String or MessagePackType.Binary
                        ? ReadName(ref reader, path)
                        : throw new WireException($"{path} has a type that is no text");
                    break;
                case "shape":
                    shape = ReadShape(ref reader, path);
                    break;
                case "as_npy" when reader.NextMessagePackType == MessagePackType.Binary:
                    file = Bytes(ref reader);
                    break;
                case "__image__":
                    isPicture = true;
                    reader.Skip();
                    break;
                case "format" when reader.NextMessagePackType == MessagePackType.String:
                    format = Text(ref reader, path);
                    break;
                case "data" when reader.NextMessagePackType == MessagePackType.Binary:
                    data = Bytes(ref reader);
                    break;
                case "data":
                    single = ReadSingle(ref reader, path);
                    break;
                default:
                    reader.Skip();
                    break;
            }
        }

        if (file is { } npy)
            return new WireItem.Numbers(NumpyFile.Read(npy, path));
        if (isPicture && format is not "raw" && data is { } picture)
            return new WireItem.Picture(picture);
        if (data is { } bytes && shape is not null)
            return new WireItem.Numbers(NumpyArray.Of(type, shape, bytes, path));
        return single is WireItem.Number or WireItem.Flag or WireItem.Text
            ? single
            : throw new WireException($"{path} is an array without its data or its shape");
    }

    private static List<int> ReadShape(ref MessagePackReader reader, string path)
    {
        if (reader.NextMessagePackType != MessagePackType.Array)
            throw new WireException($"{path} has a shape that is no list");
        var count = reader.ReadArrayHeader();
        if (count > NumpyArray.LargestRank)
            throw new WireException($"{path} has {count} dimensions: allowed are {NumpyArray.LargestRank}");
        var shape = new List<int>();
        for (var i = 0; i < count; i++)
        {
            if (reader.NextMessagePackType != MessagePackType.Integer)
                throw new WireException($"{path} has a shape with something else than whole numbers in it");
            shape.Add(reader.ReadInt32());
        }

        return shape;
    }

    private static string ReadName(ref MessagePackReader reader, string path)
    {
        switch (reader.NextMessagePackType)
        {
            case MessagePackType.String:
                return Text(ref reader, $"a name in {(path.Length == 0 ? "the message" : path)}", LongestName);
            case MessagePackType.Binary when Bytes(ref reader) is { Length: <= LongestName } bytes:
                return Encoding.UTF8.GetString(bytes.Span);
            default:
                throw new WireException(
                    $"a name in {(path.Length == 0 ? "the message" : ErrorText.Bounded(path))} is no text of up to "
                        + $"{LongestName} bytes"
                );
        }
    }

    internal static string Text(ref MessagePackReader reader, string what, int longest = LongestText)
    {
        if (reader.ReadStringSequence() is not { } bytes)
            return "";
        if (bytes.Length > longest)
            throw new WireException($"{ErrorText.Bounded(what)} has {bytes.Length} bytes: allowed are {longest}");
        return Encoding.UTF8.GetString(bytes);
    }

    private static ReadOnlyMemory<byte> Bytes(ref MessagePackReader reader)
    {
        var bytes = reader.ReadBytes() ?? default;
        // A message lies in one piece.
        return bytes.IsSingleSegment ? bytes.First : bytes.ToArray();
    }
}
