using System.Buffers.Binary;
using System.Text;
using Vla.Actors.Checkpoints;
using static TorchSharp.torch;

namespace Vla.Tests.Actors.Checkpoints;

public sealed class SafetensorsTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData(ScalarType.Float32)]
    [InlineData(ScalarType.Float16)]
    [InlineData(ScalarType.BFloat16)]
    [InlineData(ScalarType.Float64)]
    [InlineData(ScalarType.Int64)]
    [InlineData(ScalarType.Int32)]
    [InlineData(ScalarType.Byte)]
    [InlineData(ScalarType.Bool)]
    public void Every_type_comes_back_as_it_was_written(ScalarType type)
    {
        using var scope = NewDisposeScope();
        var matrix = tensor([0.0, 1.0, 2.5, 100.0, 0.0, 7.0], [2, 3]).to_type(type);
        var path = Write(
            ("matrix", matrix),
            ("transposed", matrix.t()),
            ("number", matrix[1, 2]),
            ("nothing", zeros(0, 4).to_type(type))
        );

        using var checkpoint = Checkpoint.Open(path);

        Assert.Equal(["matrix", "transposed", "number", "nothing"], checkpoint.Tensors.Keys);
        foreach (
            var (name, expected) in new[]
            {
                ("matrix", matrix),
                ("transposed", matrix.t()),
                ("number", matrix[1, 2]),
                ("nothing", zeros(0, 4)),
            }
        )
        {
            var read = checkpoint.ReadTensor(name);
            Assert.Equal(type, read.dtype);
            Assert.Equal(expected.shape, read.shape);
            Assert.True(read.eq(expected.to_type(type)).all().item<bool>(), name);
        }
    }

    [Fact]
    public void Metadata_comes_back_as_it_was_written()
    {
        using var scope = NewDisposeScope();
        var path = _directory.File("meta.safetensors");
        SafetensorsWriter.Write(
            path,
            new Dictionary<string, Tensor> { ["a"] = ones(1) },
            new Dictionary<string, string> { ["format"] = "pt" }
        );

        using var checkpoint = SafetensorsCheckpoint.Open(path);

        Assert.Equal("pt", checkpoint.Metadata["format"]);
    }

    [Fact]
    public void The_bytes_of_the_original_file_are_reproduced()
    {
        using var scope = NewDisposeScope();
        using var original = Checkpoint.Open(TestData.Path("simplevla/golden.safetensors"));
        var path = Write([.. original.Tensors.Keys.Select(name => (name, original.ReadTensor(name)))]);

        using var copy = Checkpoint.Open(path);

        Assert.Equal(
            original.Tensors.Values.Select(entry => entry.ShapeText),
            copy.Tensors.Values.Select(entry => entry.ShapeText)
        );
        foreach (var name in original.Tensors.Keys)
            Assert.True(original.ReadTensor(name).eq(copy.ReadTensor(name)).all().item<bool>());
    }

    [Theory]
    [InlineData(
        """{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[4,"""
            + """12]}}""",
        12,
        "tensor b overlaps another at byte 4"
    )]
    [InlineData(
        """{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[1],"data_offsets":[12,"""
            + """16]}}""",
        16,
        "bytes 8 to 12 belong to no tensor"
    )]
    [InlineData(
        """{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""",
        12,
        "4 bytes after the last tensor belong to none"
    )]
    [InlineData(
        """{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""",
        4,
        "tensor a ends at byte 8 of 4: the file is cut off"
    )]
    [InlineData(
        """{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}""",
        8,
        "tensor a of shape [3] F32 does not fill its 8 bytes"
    )]
    [InlineData(
        """{"a":{"dtype":"F32","shape":[4611686018427387904,4611686018427387904],"data_offsets":[0,8]}}""",
        8,
        "does not fill its 8 bytes"
    )]
    [InlineData(
        """{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,8]}}""",
        8,
        "tensor a has shape that are not whole numbers from 0"
    )]
    [InlineData(
        """{"a":{"dtype":"F32","shape":[1.5],"data_offsets":[0,8]}}""",
        8,
        "tensor a has shape that are not whole numbers from 0"
    )]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}""", 8, "tensor a ends before it begins")]
    [InlineData(
        """{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8,9]}}""",
        8,
        "tensor a has 3 data_offsets, expected 2"
    )]
    [InlineData(
        """{"a":{"dtype":"F8_E4M3","shape":[8],"data_offsets":[0,8]}}""",
        8,
        "tensor a has dtype 'F8_E4M3'; read are F32, F16, BF16, F64, I64, I32, U8, BOOL"
    )]
    [InlineData("""{"a":{"shape":[2],"data_offsets":[0,8]}}""", 8, "tensor a has no dtype")]
    [InlineData("""{"a":{"dtype":"F32","data_offsets":[0,8]}}""", 8, "tensor a has no shape")]
    [InlineData(
        """{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8],"x":1}}""",
        8,
        "tensor a has an unknown key 'x'"
    )]
    [InlineData(
        """{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,"""
            + """8]}}""",
        8,
        "not valid JSON"
    )]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}""", 8, "not valid JSON")]
    [InlineData("""[1,2]""", 0, "its header is not a JSON object")]
    [InlineData("""{"__metadata__":{"x":1}}""", 0, "__metadata__.x is not text")]
    [InlineData("""{"a":7}""", 0, "tensor a is not described by an object")]
    public void A_damaged_index_is_refused(string header, int dataBytes, string message)
    {
        var json = Encoding.UTF8.GetBytes(header);
        var file = new byte[8 + json.Length + dataBytes];
        BinaryPrimitives.WriteUInt64LittleEndian(file, (ulong)json.Length);
        json.CopyTo(file, 8);

        AssertRefused(_directory.Write("damaged.safetensors", file), message);
    }

    [Theory]
    [InlineData(10_000_000_000, "claims a header of 10000000000 bytes; the format allows 100000000")]
    [InlineData(ulong.MaxValue, "claims a header of 18446744073709551615 bytes")]
    [InlineData(99_000_000, "claims a header of 99000000 bytes but has 10 in all")]
    public void A_huge_header_is_refused_without_making_room_for_it(ulong claimed, string message)
    {
        var file = new byte[10];
        BinaryPrimitives.WriteUInt64LittleEndian(file, claimed);
        var path = _directory.Write("huge.safetensors", file);
        var before = GC.GetAllocatedBytesForCurrentThread();

        AssertRefused(path, message);

        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 10_000_000);
    }

    [Fact]
    public void A_file_cut_off_anywhere_is_refused()
    {
        using var scope = NewDisposeScope();
        var whole = File.ReadAllBytes(Write(("a", ones(2, 3)), ("b", zeros(4))));
        for (var length = 0; length < whole.Length; length++)
            AssertRefused(_directory.Write("cut.safetensors", whole[..length]), "");
    }

    [Fact]
    public void A_missing_file_is_named() => AssertRefused(_directory.File("none.safetensors"), "cannot be read");

    private string Write(params (string Name, Tensor Tensor)[] tensors)
    {
        var path = _directory.File("written.safetensors");
        SafetensorsWriter.Write(path, tensors.ToDictionary(entry => entry.Name, entry => entry.Tensor));
        return path;
    }

    private static void AssertRefused(string path, string message)
    {
        var error = Assert.Throws<CheckpointException>(() => Checkpoint.Open(path).Dispose());
        Assert.StartsWith(path, error.Message, StringComparison.Ordinal);
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }
}
