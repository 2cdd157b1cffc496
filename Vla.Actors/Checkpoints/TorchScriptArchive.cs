using Vla.Actors.Checkpoints.Pickling;
using Vla.Sensors.Text;

namespace Vla.Actors.Checkpoints;

/// <summary>
/// Looks through a TorchScript file before libtorch opens it, for what would end the process there or act on wrong
/// numbers.
/// </summary>
/// <remarks>
/// libtorch believes sizes that a file claims, and some of its exceptions TorchSharp does not catch. So the archive,
/// its pickles and its numbers are read as those of a checkpoint are; the code is compiled by libtorch alone.
/// </remarks>
internal static class TorchScriptArchive
{
    private const long MaximumCodeBytes = 16 << 20;
    private const int MaximumDepth = 64;

    /// <summary>
    /// libtorch's compiler follows brackets and indentation with calls of its own; code that PyTorch writes has some
    /// ten.
    /// </summary>
    private const int MaximumNesting = 200;

    private const string Constants = "constants.pkl";

    /// <exception cref="CheckpointException">It is something else, damaged, or holds weights that are not
    /// finite.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static void Check(string path)
    {
        WaitingFile.Refuse(path);
        using (var file = File.OpenHandle(path))
        {
            var start = new byte[FileKind.BytesLookedAt];
            var length = RandomAccess.Read(file, start, 0);
            if (!start.AsSpan(0, length).StartsWith("PK"u8))
                throw Wrong(
                    "is not a TorchScript module "
                        + $"({FileKind.Describe(start.AsSpan(0, length)) ?? "its beginning is not that of one"}); "
                        + "export the stage with torch.jit.save"
                );
        }

        using var archive = TorchArchive.Open(path);
        var constants = archive
            .Files.Keys.Where(name => name.EndsWith($"/{Constants}", StringComparison.Ordinal))
            .ToList();
        if (constants is not [var only])
            throw Wrong(
                "is a zip archive, but is not a TorchScript module: it holds no code; export the stage with "
                    + "torch.jit.script and torch.jit.save"
            );
        var folder = only[..^Constants.Length];
        foreach (var file in archive.Files.Values)
            CheckCode(file);
        CheckTensors("data");
        CheckTensors("constants");

        void CheckCode(TorchArchiveFile file)
        {
            if (!file.Name.StartsWith($"{folder}code/", StringComparison.Ordinal))
                return;
            var code = archive.ReadWhole(file, MaximumCodeBytes);
            if (!file.Name.EndsWith(".py", StringComparison.Ordinal))
                return;
            if (Nesting(code) > MaximumNesting)
                throw Wrong($"has code in {ErrorText.Bounded(file.Name)} that is nested too deep");
            if (code.AsSpan().IndexOf("ConstantMKLDNNTensor"u8) >= 0)
            {
                throw Wrong(
                    "was made with torch.jit.optimize_for_inference, whose weights libtorch cannot load again; "
                        + "export the stage without it (torch.jit.freeze is fine)"
                );
            }
        }

        void CheckTensors(string kind)
        {
            if (!archive.Files.TryGetValue($"{folder}{kind}.pkl", out var file))
                throw Wrong($"has no {kind}.pkl; it is damaged");
            var pickle = TorchCheckpoint.ReadPickle(archive, file, path);
            var root = StateDictUnpickler.Read(path, pickle, out var tensors, out _);
            var names = new Dictionary<PickleTensor, string>(ReferenceEqualityComparer.Instance);
            Name(root, kind == "data" ? "" : kind, 0, names, new HashSet<object>(ReferenceEqualityComparer.Instance));
            var storages = new TorchStorages(
                path,
                archive,
                $"{folder}{kind}/",
                reverseByteOrder: !BitConverter.IsLittleEndian
            );
            foreach (var tensor in tensors)
                CheckTensor(storages, tensor, names.GetValueOrDefault(tensor, kind));
        }

        void CheckTensor(TorchStorages storages, PickleTensor tensor, string name)
        {
            storages.Check(name, tensor);
            if (!tensor.Type.IsFloatingPoint() || CheckpointShape.ElementCount(tensor.Shape) is not > 0)
                return;
            using var numbers = Checkpoint.ReadTensor(
                tensor.Type,
                tensor.Shape,
                (first, destination) => storages.Read(name, tensor, first, destination)
            );
            FiniteWeights.Check(path, name, numbers);
        }

        CheckpointException Wrong(string what) => new($"{path}: {what}");
    }

    // As the stage's own code names them: objects within objects, lists by index.
    private static void Name(
        object? value,
        string name,
        int depth,
        Dictionary<PickleTensor, string> names,
        HashSet<object> seen
    )
    {
        if (value is null || depth > MaximumDepth || !seen.Add(value))
            return;
        switch (value)
        {
            case PickleTensor tensor:
                names.TryAdd(tensor, name);
                break;
            case PickleObject { State: { } state }:
                Name(state, name, depth + 1, names, seen);
                break;
            case PickleDict { Items: var items }:
                foreach (var (key, inner) in items)
                    Name(inner, name.Length == 0 ? key : $"{name}.{key}", depth + 1, names, seen);
                break;
            case PickleTuple { Items: var items }:
                for (var i = 0; i < items.Length; i++)
                    Name(items[i], $"{name}.{i}", depth + 1, names, seen);
                break;
            case PickleList { Items: var items }:
                for (var i = 0; i < items.Count; i++)
                    Name(items[i], $"{name}.{i}", depth + 1, names, seen);
                break;
        }
    }

    private static int Nesting(ReadOnlySpan<byte> code)
    {
        var (open, most, indentation) = (0, 0, 0);
        var atLineStart = true;
        foreach (var character in code)
        {
            if (character == '\n')
                (atLineStart, indentation) = (true, 0);
            else if (atLineStart && character == ' ')
                indentation++;
            else
                atLineStart = false;
            if (character is (byte)'(' or (byte)'[' or (byte)'{')
                open++;
            else if (character is (byte)')' or (byte)']' or (byte)'}')
                open = Math.Max(0, open - 1);
            most = Math.Max(most, open + indentation / 2);
        }

        return most;
    }
}
