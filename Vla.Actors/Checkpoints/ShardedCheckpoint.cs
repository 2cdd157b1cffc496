using System.Text.Json;
using Vla.Sensors.Text;

namespace Vla.Actors.Checkpoints;

/// <summary>
/// Several safetensors files that are one checkpoint, as an index says which tensor is in which of them
/// (<c>model.safetensors.index.json</c>).
/// </summary>
internal sealed class ShardedCheckpoint : Checkpoint
{
    private const int LargestIndex = 64 << 20;
    private const int MostShards = 1_000;

    private readonly Dictionary<string, SafetensorsCheckpoint> _shards = new(StringComparer.Ordinal);
    private readonly Dictionary<string, CheckpointTensor> _tensors = new(StringComparer.Ordinal);
    private readonly Dictionary<string, SafetensorsCheckpoint> _places = new(StringComparer.Ordinal);

    private ShardedCheckpoint(string path)
        : base(path) { }

    public override IReadOnlyDictionary<string, CheckpointTensor> Tensors => _tensors;

    /// <param name="index">The index; the files lie beside it.</param>
    /// <exception cref="CheckpointException">It or one of the files is missing or damaged, or a tensor is not where
    /// the index says.</exception>
    public static new ShardedCheckpoint Open(string index)
    {
        var opened = new ShardedCheckpoint(index);
        try
        {
            opened.Read();
            return opened;
        }
        catch
        {
            opened.Dispose();
            throw;
        }
    }

    public override void Read(string name, long firstElement, Span<byte> destination) =>
        _places[name].Read(name, firstElement, destination);

    public override void Dispose()
    {
        foreach (var shard in _shards.Values)
            shard.Dispose();
    }

    private void Read()
    {
        using var document = Parse();
        if (
            document.RootElement.ValueKind != JsonValueKind.Object
            || !document.RootElement.TryGetProperty("weight_map", out var map)
            || map.ValueKind != JsonValueKind.Object
        )
            throw new CheckpointException($"{Path}: has no weight_map of tensors and files");
        foreach (var entry in map.EnumerateObject())
        {
            var shard = ShardOf(entry);
            if (!shard.Tensors.TryGetValue(entry.Name, out var tensor))
                throw new CheckpointException(
                    $"{Path}: '{ErrorText.Bounded(entry.Name)}' is said to be in "
                        + $"{System.IO.Path.GetFileName(shard.Path)}, "
                        + "and is not: the files are of different checkpoints"
                );
            _tensors[entry.Name] = tensor;
            _places[entry.Name] = shard;
        }

        if (_tensors.Count == 0)
            throw new CheckpointException($"{Path}: weight_map names no tensor");
    }

    private SafetensorsCheckpoint ShardOf(JsonProperty entry)
    {
        var name = entry.Value.ValueKind == JsonValueKind.String ? entry.Value.GetString()! : "";
        // A checkpoint is a directory that can be copied whole.
        if (
            name.Length == 0
            || name != System.IO.Path.GetFileName(name)
            || name.Any(char.IsControl)
            || name is "." or ".."
        )
            throw new CheckpointException(
                $"{Path}: '{ErrorText.Bounded(entry.Name)}' is in '{ErrorText.Bounded(name)}', allowed is a file "
                    + "beside the index"
            );
        if (_shards.TryGetValue(name, out var known))
            return known;
        if (_shards.Count == MostShards)
            throw new CheckpointException($"{Path}: names more than {MostShards} files");
        var shard = SafetensorsCheckpoint.Open(System.IO.Path.Combine(System.IO.Path.GetDirectoryName(Path)!, name));
        _shards[name] = shard;
        return shard;
    }

    private JsonDocument Parse()
    {
        try
        {
            return JsonText.Read(Path, LargestIndex);
        }
        catch (JsonException e)
        {
            throw new CheckpointException($"{Path}: is not valid JSON ({ErrorText.FirstLine(e.Message)})", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException($"{Path}: cannot be read ({e.Message})", e);
        }
    }
}
