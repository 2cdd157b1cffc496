namespace Vla.Actors.Checkpoints;

/// <summary>
/// A checkpoint under the names that a policy's parts have, without what wrappers of a training put before and between
/// them.
/// </summary>
/// <remarks>
/// <c>torch.nn.DataParallel</c> and its kind add <c>module.</c>, <c>torch.compile</c> adds <c>_orig_mod.</c>, Lightning
/// and other frameworks the name under which they hold the model. So a name begins at the first of the policy's parts
/// in it; what remains of wrappers further on is left out as well.
/// </remarks>
internal sealed class RenamedCheckpoint : Checkpoint
{
    private static readonly HashSet<string> Wrappers = new(StringComparer.Ordinal)
    {
        "module",
        "_orig_mod",
        "_fsdp_wrapped_module",
        "_checkpoint_wrapped_module",
        "_forward_module",
    };

    private readonly Checkpoint _inner;
    private readonly Dictionary<string, CheckpointTensor> _tensors = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _names = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _unreadable = new(StringComparer.Ordinal);

    private RenamedCheckpoint(Checkpoint inner, IReadOnlyCollection<string> parts)
        : base(inner.Path)
    {
        _inner = inner;
        var left = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var (name, tensor) in inner.Tensors)
        {
            var renamed = Rename(name, parts, out var before);
            if (renamed != name)
                left.Add(before.Length > 0 ? before : "wrappers inside");
            if (!_names.TryAdd(renamed, name))
            {
                throw new CheckpointException(
                    $"{inner.Path}: holds '{ErrorText.Bounded(renamed)}' twice, as "
                        + $"'{ErrorText.Bounded(_names[renamed])}' and "
                        + $"'{ErrorText.Bounded(name)}'; save the weights that are meant alone, with "
                        + "torch.save(model.state_dict(), file)"
                );
            }

            _tensors.Add(renamed, tensor with { Name = renamed });
        }

        foreach (var (name, what) in inner.Unreadable)
            _unreadable[Rename(name, parts, out _)] = what;
        LeftOut = ErrorText.List(left);
    }

    public override IReadOnlyDictionary<string, CheckpointTensor> Tensors => _tensors;

    public override IReadOnlyDictionary<string, string> Unreadable => _unreadable;

    public override string Place => _inner.Place;

    /// <summary>What was left out before the names, for people: <c>module.</c>; empty when nothing was.</summary>
    public string LeftOut { get; }

    /// <summary>Opens a checkpoint of any kind, under a policy's names.</summary>
    /// <param name="path">The file.</param>
    /// <param name="parts">What the policy's names begin with: <c>vision_encoder</c>.</param>
    /// <exception cref="CheckpointException">It cannot be read, or holds the weights twice.</exception>
    public static RenamedCheckpoint Open(string path, IReadOnlyCollection<string> parts)
    {
        var inner = Checkpoint.Open(path);
        try
        {
            return new RenamedCheckpoint(inner, parts);
        }
        catch
        {
            inner.Dispose();
            throw;
        }
    }

    public override void Read(string name, long firstElement, Span<byte> destination) =>
        _inner.Read(_names[name], firstElement, destination);

    public override void Dispose() => _inner.Dispose();

    // A name without any of the parts stays as it is, to be found unexpected.
    internal static string Rename(string name, IReadOnlyCollection<string> parts, out string before)
    {
        before = "";
        var segments = name.Split('.');
        var first = Array.FindIndex(segments, parts.Contains);
        if (first < 0)
            return name;
        before = string.Concat(segments.Take(first).Select(segment => $"{segment}."));
        return string.Join('.', segments.Skip(first).Where(segment => !Wrappers.Contains(segment)));
    }
}
