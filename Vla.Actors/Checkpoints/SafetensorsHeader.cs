using System.Text.Json;
using Vla.Sensors.Text;

namespace Vla.Actors.Checkpoints;

/// <summary>
/// The index of a safetensors file: which tensors there are and where their bytes lie, all of it checked.
/// </summary>
internal sealed class SafetensorsHeader
{
    /// <summary>The reference implementation's bound.</summary>
    public const ulong MaximumBytes = 100_000_000;

    private const string MetadataKey = "__metadata__";

    private readonly Dictionary<string, CheckpointTensor> _tensors = [];
    private readonly Dictionary<string, long> _offsets = [];
    private readonly Dictionary<string, string> _metadata = [];
    private readonly string _path;

    private SafetensorsHeader(string path) => _path = path;

    public IReadOnlyDictionary<string, CheckpointTensor> Tensors => _tensors;

    /// <summary>Where each tensor's bytes begin, counted from the end of the header.</summary>
    public IReadOnlyDictionary<string, long> Offsets => _offsets;

    public IReadOnlyDictionary<string, string> Metadata => _metadata;

    /// <param name="path">Named in errors.</param>
    /// <param name="json">The header's bytes.</param>
    /// <param name="dataLength">Bytes in the file after the header.</param>
    /// <exception cref="CheckpointException">The header is not well formed or does not fit the file.</exception>
    public static SafetensorsHeader Parse(string path, ReadOnlyMemory<byte> json, long dataLength)
    {
        var header = new SafetensorsHeader(path);
        JsonDocument document;
        try
        {
            JsonText.CheckEscapes(Utf8Text.Check(json).Span, new JsonReaderOptions { MaxDepth = 8 });
            document = JsonDocument.Parse(
                json,
                new JsonDocumentOptions { AllowDuplicateProperties = false, MaxDepth = 8 }
            );
        }
        catch (Exception e) when (e is JsonException or TextFileException)
        {
            throw new CheckpointException(
                $"{path}: is not a safetensors file, its header is not valid JSON ({FirstLine(e.Message)})",
                e
            );
        }
        using (document)
        {
            if (document.RootElement.ValueKind != JsonValueKind.Object)
                throw header.Damaged("its header is not a JSON object");
            var extents = new List<(long Begin, long End, string Name)>();
            foreach (var property in document.RootElement.EnumerateObject())
            {
                if (property.Name == MetadataKey)
                    header.ReadMetadata(property.Value);
                else
                    extents.Add(header.ReadTensor(property.Name, property.Value, dataLength));
            }
            header.CheckCover(extents, dataLength);
        }
        return header;
    }

    private void ReadMetadata(JsonElement element)
    {
        if (element.ValueKind != JsonValueKind.Object)
            throw Damaged($"{MetadataKey} is not an object of text values");
        foreach (var property in element.EnumerateObject())
        {
            if (property.Value.ValueKind != JsonValueKind.String)
                throw Damaged($"{MetadataKey}.{Bounded(property.Name)} is not text");
            _metadata.Add(property.Name, property.Value.GetString()!);
        }
    }

    private (long Begin, long End, string Name) ReadTensor(string name, JsonElement element, long dataLength)
    {
        var shown = Bounded(name);
        if (element.ValueKind != JsonValueKind.Object)
            throw Damaged($"tensor {shown} is not described by an object");
        JsonElement? type = null,
            shape = null,
            offsets = null;
        foreach (var property in element.EnumerateObject())
        {
            switch (property.Name)
            {
                case "dtype":
                    type = property.Value;
                    break;
                case "shape":
                    shape = property.Value;
                    break;
                case "data_offsets":
                    offsets = property.Value;
                    break;
                default:
                    throw Damaged($"tensor {shown} has an unknown key '{Bounded(property.Name)}'");
            }
        }

        var kind = ReadType(shown, type);
        var sizes = ReadNumbers(shown, "shape", shape);
        var extent = ReadNumbers(shown, "data_offsets", offsets);
        if (sizes.Length > CheckpointShape.MaximumRank)
            throw Damaged(
                $"tensor {shown} has {sizes.Length} dimensions; at most {CheckpointShape.MaximumRank} are read"
            );
        if (extent.Length != 2)
            throw Damaged($"tensor {shown} has {extent.Length} data_offsets, expected 2");
        var (begin, end) = (extent[0], extent[1]);
        if (begin > end)
            throw Damaged($"tensor {shown} ends before it begins: data_offsets [{begin}, {end}]");
        if (end > dataLength)
            throw Damaged($"tensor {shown} ends at byte {end} of {dataLength}: the file is cut off");
        if (CheckpointShape.ElementCount(sizes) is not { } count || count * kind.Size() != end - begin)
            throw Damaged(
                $"tensor {shown} of shape {CheckpointShape.Text(sizes)} {kind.SafetensorsName()} does not fill its "
                    + $"{end - begin} bytes"
            );

        _tensors.Add(name, new CheckpointTensor(name, kind, sizes));
        _offsets.Add(name, begin);
        return (begin, end, name);
    }

    private CheckpointType ReadType(string shown, JsonElement? element)
    {
        var read = Enum.GetValues<CheckpointType>().Select(CheckpointTypes.SafetensorsName);
        if (element is not { ValueKind: JsonValueKind.String } text)
            throw Damaged($"tensor {shown} has no dtype");
        return CheckpointTypes.FromSafetensorsName(text.GetString()!)
            ?? throw Damaged(
                $"tensor {shown} has dtype '{Bounded(text.GetString()!)}'; " + $"read are {string.Join(", ", read)}"
            );
    }

    private long[] ReadNumbers(string shown, string key, JsonElement? element)
    {
        if (element is not { ValueKind: JsonValueKind.Array } array)
            throw Damaged($"tensor {shown} has no {key}");
        return
        [
            .. array
                .EnumerateArray()
                .Select(item =>
                    item.ValueKind == JsonValueKind.Number && item.TryGetInt64(out var number) && number >= 0
                        ? number
                        : throw Damaged($"tensor {shown} has {key} that are not whole numbers from 0")
                ),
        ];
    }

    private void CheckCover(List<(long Begin, long End, string Name)> extents, long dataLength)
    {
        var covered = 0L;
        foreach (var (begin, end, name) in extents.Order())
        {
            if (begin < covered)
                throw Damaged($"tensor {Bounded(name)} overlaps another at byte {begin}");
            if (begin > covered)
                throw Damaged($"bytes {covered} to {begin} belong to no tensor");
            covered = end;
        }
        if (covered < dataLength)
            throw Damaged($"{dataLength - covered} bytes after the last tensor belong to none");
    }

    private CheckpointException Damaged(string what) => new($"{_path}: {what}");

    private static string Bounded(string text) => ErrorText.Bounded(text);

    private static string FirstLine(string text) => ErrorText.FirstLine(text);
}
