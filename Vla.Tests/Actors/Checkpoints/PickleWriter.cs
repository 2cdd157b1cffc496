using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace Vla.Tests.Actors.Checkpoints;

/// <summary>Writes pickles opcode by opcode, as <c>torch.save</c> would and as it never would.</summary>
internal sealed class PickleWriter
{
    private readonly List<byte> _bytes = [0x80, 2];

    public byte[] Bytes => [.. _bytes];

    public PickleWriter Op(char opcode) => Raw((byte)opcode);

    public PickleWriter Raw(params byte[] bytes)
    {
        _bytes.AddRange(bytes);
        return this;
    }

    public PickleWriter Global(string module, string name) =>
        Op('c').Raw(Encoding.UTF8.GetBytes($"{module}\n{name}\n"));

    public PickleWriter Text(string text)
    {
        var utf8 = Encoding.UTF8.GetBytes(text);
        var length = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(length, utf8.Length);
        return Op('X').Raw(length).Raw(utf8);
    }

    public PickleWriter Number(long value)
    {
        var bytes = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, value);
        return Raw(0x8a, 8).Raw(bytes);
    }

    public PickleWriter Tuple(params long[] values)
    {
        Op('(');
        foreach (var value in values)
            Number(value);
        return Op('t');
    }

    /// <summary>A tensor on its storage, as <c>_rebuild_tensor_v2</c> is called.</summary>
    public PickleWriter Tensor(
        string storage,
        string key,
        long storageElements,
        long offset,
        long[] shape,
        long[] strides
    ) =>
        Global("torch._utils", "_rebuild_tensor_v2")
            .Op('(')
            .Op('(')
            .Text("storage")
            .Global("torch", storage)
            .Text(key)
            .Text("cpu")
            .Number(storageElements)
            .Op('t')
            .Op('Q')
            .Number(offset)
            .Tuple(shape)
            .Tuple(strides)
            .Raw(0x89)
            .Op('}')
            .Op('t')
            .Op('R');

    public PickleWriter BeginDict() => Op('}').Op('(');

    public PickleWriter EndDict() => Op('u');

    /// <summary>The archive around this pickle, with the named files beside it.</summary>
    public byte[] ToArchive(params (string Name, byte[] Content)[] files) =>
        Archive([("data.pkl", Op('.').Bytes), .. files]);

    /// <summary>An archive of the named files.</summary>
    public static byte[] Archive(IReadOnlyList<(string Name, byte[] Content)> files)
    {
        using var memory = new MemoryStream();
        using (var archive = new ZipArchive(memory, ZipArchiveMode.Create))
        {
            foreach (var (name, content) in files)
            {
                using var stream = archive.CreateEntry($"weights/{name}", CompressionLevel.NoCompression).Open();
                stream.Write(content);
            }
        }
        return memory.ToArray();
    }
}
