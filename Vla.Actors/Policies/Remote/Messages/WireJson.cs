using System.Buffers;
using System.Buffers.Text;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Vla.Actors.Checkpoints;

namespace Vla.Actors.Policies.Remote.Messages;

/// <summary>
/// Reads a message that is JSON: arrays as json_numpy writes them (<c>__numpy__</c>, <c>dtype</c>, <c>shape</c>), as
/// robo-evals does (<c>__ndarray__</c>), or as lists of numbers.
/// </summary>
/// <remarks>Nothing that comes is believed, as in <see cref="WireReader"/>.</remarks>
internal static class WireJson
{
    /// <summary>What a message is called that is no object.</summary>
    public const string Whole = "answer";

    private const int Deepest = 12;
    private const int MostParts = 4_000_000;
    private const int LongestText = 16_384;
    private const int LongestName = 256;

    private static readonly JsonDocumentOptions Options = new() { MaxDepth = Deepest };

    /// <param name="message">Not kept.</param>
    /// <param name="memory">Holds the arrays of what is returned; null: they have memory of their own.</param>
    /// <exception cref="WireException">It is no such message; in words.</exception>
    public static WireMap Read(ReadOnlyMemory<byte> message, WireMemory? memory = null) =>
        Parsed(message, root => Map(root, memory));

    /// <summary>Reads a message that may lie as a text in another: alone, or as all that is under a key.</summary>
    /// <param name="message">Not kept.</param>
    /// <param name="key">Under which; null: the text alone.</param>
    /// <param name="isWrapped">Whether it did.</param>
    /// <param name="memory">Holds the arrays of what is returned; null: they have memory of their own.</param>
    /// <exception cref="WireException">It is no such message; in words.</exception>
    public static WireMap ReadWrapped(
        ReadOnlyMemory<byte> message,
        string? key,
        out bool isWrapped,
        WireMemory? memory = null
    )
    {
        var (map, inner) = Parsed(
            message,
            root => Inner(root, key) is { } text ? ((WireMap?)null, text) : (Map(root, memory), null)
        );
        isWrapped = inner is not null;
        return map ?? Read(inner!, memory);
    }

    private static byte[]? Inner(JsonElement root, string? key)
    {
        if (key is null)
            return root.ValueKind == JsonValueKind.String ? Encoding.UTF8.GetBytes(root.GetString()!) : null;
        if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty(key, out var text))
            return null;
        if (text.ValueKind != JsonValueKind.String)
            throw new WireException($"'{key}' is no text with a message in it");
        return root.EnumerateObject().Count() == 1
            ? Encoding.UTF8.GetBytes(text.GetString()!)
            : throw new WireException($"beside '{key}' there can be nothing else");
    }

    private static WireMap Map(JsonElement root, WireMemory? memory)
    {
        var map = new WireMap();
        if (root.ValueKind == JsonValueKind.Object && !IsMarked(root))
            ReadMap(root, "", map, memory);
        else
            map.Add(Whole, ReadItem(root, Whole, memory));
        return map;
    }

    private static T Parsed<T>(ReadOnlyMemory<byte> message, Func<JsonElement, T> read)
    {
        try
        {
            CheckCount(message.Span);
            using var document = JsonDocument.Parse(message, Options);
            return read(document.RootElement);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // Half of a pair of surrogates is found when its text is asked for.
            throw new WireException($"the message is no JSON: {ErrorText.FirstLine(e.Message)}", e);
        }
    }

    /// <summary>Each thing takes several times the memory that it has in the message.</summary>
    private static void CheckCount(ReadOnlySpan<byte> message)
    {
        if (message.Length <= MostParts)
            return;
        var reader = new Utf8JsonReader(message, new JsonReaderOptions { MaxDepth = Deepest });
        for (var count = 0; reader.Read(); count++)
        {
            if (count == MostParts)
                throw new WireException(
                    $"the message has more than {MostParts} numbers, texts and brackets in it: send arrays"
                );
        }
    }

    private static void ReadMap(JsonElement json, string path, WireMap map, WireMemory? memory)
    {
        foreach (var property in json.EnumerateObject())
        {
            if (property.Name.Length > LongestName)
                throw new WireException($"a name has {property.Name.Length} characters: allowed are {LongestName}");
            var inner = path.Length == 0 ? property.Name : $"{path}/{property.Name}";
            if (property.Value.ValueKind == JsonValueKind.Object && !IsMarked(property.Value))
                ReadMap(property.Value, inner, map, memory);
            else
                map.Add(inner, ReadItem(property.Value, inner, memory));
            if (map.Paths.Count > WireReader.MostItems)
                throw new WireException($"the message has more than {WireReader.MostItems} things in it");
        }
    }

    private static WireItem ReadItem(JsonElement json, string path, WireMemory? memory) =>
        json.ValueKind switch
        {
            JsonValueKind.Object when IsMarked(json) => new WireItem.Numbers(ReadMarked(json, path, memory)),
            JsonValueKind.Object => new WireItem.Other("a map"),
            JsonValueKind.Array => ReadList(json, path),
            JsonValueKind.String => new WireItem.Text(Text(json, path)),
            JsonValueKind.Number => new WireItem.Number(json.GetDouble()),
            JsonValueKind.True or JsonValueKind.False => new WireItem.Flag(json.GetBoolean()),
            _ => new WireItem.Nil(),
        };

    private static bool IsMarked(JsonElement json) =>
        json.TryGetProperty("__numpy__", out _) || json.TryGetProperty("__ndarray__", out _);

    private static NumpyArray ReadMarked(JsonElement json, string path, WireMemory? memory)
    {
        var data = json.TryGetProperty("__numpy__", out var given) ? given : json.GetProperty("__ndarray__");
        if (data.ValueKind != JsonValueKind.String || Bytes(data, memory) is not { } bytes)
            throw new WireException($"{path} is an array whose bytes are no base64");
        if (!json.TryGetProperty("dtype", out var type) || type.ValueKind != JsonValueKind.String)
            throw new WireException($"{path} is an array without a type (dtype) in words");
        if (!json.TryGetProperty("shape", out var lengths) || lengths.ValueKind != JsonValueKind.Array)
            throw new WireException($"{path} is an array without a shape");
        if (lengths.GetArrayLength() > NumpyArray.LargestRank)
            throw new WireException(
                $"{path} has {lengths.GetArrayLength()} dimensions: allowed are {NumpyArray.LargestRank}"
            );
        var shape = new List<int>();
        foreach (var length in lengths.EnumerateArray())
        {
            if (length.ValueKind != JsonValueKind.Number || !length.TryGetInt32(out var whole))
                throw new WireException($"{path} has a shape with something else than whole numbers in it");
            shape.Add(whole);
        }

        return NumpyArray.Of(type.GetString()!, shape, bytes, path);
    }

    /// <summary>Out of base64; null where it is none.</summary>
    private static ReadOnlyMemory<byte>? Bytes(JsonElement text, WireMemory? memory)
    {
        // As it stands, where nothing in it is escaped.
        var raw = JsonMarshal.GetRawUtf8Value(text)[1..^1];
        if (memory is null || raw.Contains((byte)'\\'))
        {
            if (text.TryGetBytesFromBase64(out var own))
                return own;
            return null;
        }

        var bytes = memory.Rent(Base64.GetMaxDecodedFromUtf8Length(raw.Length));
        if (Base64.DecodeFromUtf8(raw, bytes, out _, out var written) != OperationStatus.Done)
            return null;
        return bytes.AsMemory(0, written);
    }

    private static WireItem ReadList(JsonElement json, string path)
    {
        var count = json.GetArrayLength();
        if (count > 0 && json.EnumerateArray().All(one => one.ValueKind == JsonValueKind.String))
            return count > WireReader.MostItems
                ? throw new WireException($"{path} lists {count} texts: allowed are {WireReader.MostItems}")
                : new WireItem.Texts([.. json.EnumerateArray().Select(one => Text(one, path))]);
        var numbers = new List<float>();
        var shape = new List<int>();
        return TryReadNumbers(json, path, numbers, shape, level: 0)
            ? new WireItem.Numbers(
                new NumpyArray(
                    'f',
                    sizeof(float),
                    !BitConverter.IsLittleEndian,
                    shape,
                    MemoryMarshal.AsBytes(CollectionsMarshal.AsSpan(numbers)).ToArray()
                )
            )
            : new WireItem.Other("a list that is no row of numbers or texts");
    }

    /// <summary>Lists of numbers in lists, and lists of arrays, all of the same shape.</summary>
    private static bool TryReadNumbers(JsonElement json, string path, List<float> numbers, List<int> shape, int level)
    {
        var count = json.GetArrayLength();
        if (level == NumpyArray.LargestRank || !Fits(shape, level, count))
            return false;
        var rank = count == 0 ? level + 1 : 0;
        foreach (var one in json.EnumerateArray())
        {
            int its;
            switch (one.ValueKind)
            {
                case JsonValueKind.Number:
                    numbers.Add((float)one.GetDouble());
                    its = level + 1;
                    break;
                case JsonValueKind.Array when TryReadNumbers(one, path, numbers, shape, level + 1):
                    its = shape.Count;
                    break;
                case JsonValueKind.Object when IsMarked(one):
                    var array = ReadMarked(one, path, memory: null);
                    for (var i = 0; i < array.Shape.Count; i++)
                    {
                        if (!Fits(shape, level + 1 + i, array.Shape[i]))
                            return false;
                    }

                    var before = numbers.Count;
                    CollectionsMarshal.SetCount(numbers, before + array.Count);
                    array.CopyTo(CollectionsMarshal.AsSpan(numbers)[before..]);
                    its = level + 1 + array.Shape.Count;
                    break;
                default:
                    return false;
            }

            if (rank != 0 && rank != its)
                return false;
            rank = its;
        }

        return rank == shape.Count;
    }

    private static bool Fits(List<int> shape, int level, int count)
    {
        if (shape.Count == level && level < NumpyArray.LargestRank)
            shape.Add(count);
        return shape.Count > level && shape[level] == count;
    }

    private static string Text(JsonElement json, string path)
    {
        var text = json.GetString()!;
        return text.Length <= LongestText
            ? text
            : throw new WireException(
                $"{ErrorText.Bounded(path)} has {text.Length} characters: allowed are {LongestText}"
            );
    }
}
