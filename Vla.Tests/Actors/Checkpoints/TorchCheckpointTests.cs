using System.Buffers.Binary;
using System.IO.Compression;
using System.Runtime.InteropServices;
using Vla.Actors.Checkpoints;
using static TorchSharp.torch;

namespace Vla.Tests.Actors.Checkpoints;

public sealed class TorchCheckpointTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void A_state_dict_that_PyTorch_saved_holds_the_same_tensors_as_its_safetensors_twin()
    {
        using var scope = NewDisposeScope();
        using var saved = Checkpoint.Open(TestData.Path("simplevla/state_dict.pt"));
        using var twin = Checkpoint.Open(TestData.Path("simplevla/model.safetensors"));

        Assert.Equal(29, saved.Tensors.Count);
        Assert.Equal(twin.Tensors.Keys.Order(), saved.Tensors.Keys.Order());
        foreach (var name in twin.Tensors.Keys)
            Assert.True(saved.ReadTensor(name).eq(twin.ReadTensor(name)).all().item<bool>(), name);
    }

    [Theory]
    [InlineData("FloatStorage", ScalarType.Float32, 4)]
    [InlineData("HalfStorage", ScalarType.Float16, 2)]
    [InlineData("BFloat16Storage", ScalarType.BFloat16, 2)]
    [InlineData("DoubleStorage", ScalarType.Float64, 8)]
    [InlineData("LongStorage", ScalarType.Int64, 8)]
    [InlineData("IntStorage", ScalarType.Int32, 4)]
    [InlineData("ByteStorage", ScalarType.Byte, 1)]
    [InlineData("BoolStorage", ScalarType.Bool, 1)]
    public void Every_storage_type_is_read(string storage, ScalarType type, int size)
    {
        using var scope = NewDisposeScope();
        var path = Save(
            Dict().Text("a").Tensor(storage, "0", 3, 0, [3], [1]).EndDict(),
            ("data/0", new byte[3 * size])
        );

        using var checkpoint = Checkpoint.Open(path);

        Assert.True(checkpoint.ReadTensor("a").eq(zeros([3], dtype: type)).all().item<bool>());
    }

    [Fact]
    public void Views_of_one_storage_are_read_by_offset_and_stride()
    {
        using var scope = NewDisposeScope();
        var path = Save(
            Dict()
                .Text("whole")
                .Tensor("FloatStorage", "0", 6, 0, [2, 3], [3, 1])
                .Text("transposed")
                .Tensor("FloatStorage", "0", 6, 0, [3, 2], [1, 3])
                .Text("second row")
                .Tensor("FloatStorage", "0", 6, 3, [3], [1])
                .Text("last column")
                .Tensor("FloatStorage", "0", 6, 2, [2], [3])
                .Text("number")
                .Tensor("FloatStorage", "0", 6, 5, [], [])
                .EndDict(),
            ("data/0", Floats(0, 1, 2, 3, 4, 5))
        );

        using var checkpoint = Checkpoint.Open(path);

        Assert.Equal([0, 1, 2, 3, 4, 5], Values("whole"));
        Assert.Equal([0, 3, 1, 4, 2, 5], Values("transposed"));
        Assert.Equal([3, 4, 5], Values("second row"));
        Assert.Equal([2, 5], Values("last column"));
        Assert.Equal([5], Values("number"));

        float[] Values(string name) => checkpoint.ReadTensor(name).data<float>().ToArray();
    }

    [Fact]
    public void Numbers_of_the_other_byte_order_are_turned_round()
    {
        using var scope = NewDisposeScope();
        var big = new byte[8];
        BinaryPrimitives.WriteSingleBigEndian(big, 1.5f);
        BinaryPrimitives.WriteSingleBigEndian(big.AsSpan(4), -2f);
        var path = Save(
            Dict().Text("a").Tensor("FloatStorage", "0", 2, 0, [2], [1]).EndDict(),
            ("data/0", big),
            ("byteorder", "big"u8.ToArray())
        );

        using var checkpoint = Checkpoint.Open(path);

        Assert.Equal([1.5f, -2f], checkpoint.ReadTensor("a").data<float>().ToArray());
    }

    [Theory]
    [InlineData("state_dict")]
    [InlineData("model_state_dict")]
    public void A_training_checkpoints_state_dict_is_found(string key)
    {
        var path = Save(
            new PickleWriter()
                .BeginDict()
                .Text("epoch")
                .Number(3)
                .Text(key)
                .BeginDict()
                .Text("a")
                .Tensor("FloatStorage", "0", 1, 0, [1], [1])
                .EndDict()
                .EndDict(),
            ("data/0", new byte[4])
        );

        using var checkpoint = Checkpoint.Open(path);

        Assert.Equal(["a"], checkpoint.Tensors.Keys);
    }

    [Fact]
    public void A_parameter_is_read_like_a_tensor()
    {
        var path = Save(
            Dict()
                .Text("a")
                .Global("torch._utils", "_rebuild_parameter")
                .Op('(')
                .Tensor("FloatStorage", "0", 1, 0, [1], [1])
                .Raw(0x88)
                .Op('}')
                .Op('t')
                .Op('R')
                .EndDict(),
            ("data/0", new byte[4])
        );

        using var checkpoint = Checkpoint.Open(path);

        Assert.Equal("[1]", checkpoint.Tensors["a"].ShapeText);
    }

    [Theory]
    [InlineData("os", "system")]
    [InlineData("posix", "system")]
    [InlineData("builtins", "eval")]
    [InlineData("subprocess", "Popen")]
    [InlineData("importlib.util", "find_spec")]
    public void A_pickle_that_calls_a_way_into_the_machine_is_refused_by_its_name(string module, string name)
    {
        var witness = _directory.File("called");
        var path = Save(new PickleWriter().Global(module, name).Text($"touch {witness}").Raw(0x85).Op('R'));

        AssertRefused(path, $"its pickle asks for '{module}.{name}'");
        Assert.False(File.Exists(witness));
    }

    [Theory]
    [InlineData(new byte[] { (byte)'i' }, "is cut off")] // INST
    [InlineData(new byte[] { (byte)'P' }, "opcode 0x50")] // PERSID
    [InlineData(new byte[] { 0x82, 1 }, "opcode 0x82")] // EXT1
    [InlineData(new byte[] { 0x81 }, "takes a value where there is none")] // NEWOBJ
    [InlineData(new byte[] { 0x80, 1 }, "protocol 1")]
    [InlineData(new byte[] { (byte)'R' }, "takes a value where there is none")]
    [InlineData(new byte[] { (byte)'t' }, "closes a group that it never opened")]
    [InlineData(new byte[] { (byte)'h', 9 }, "recalls value 9, which it never stored")]
    [InlineData(new byte[] { (byte)'X', 255, 255, 255, 255 }, "is cut off")]
    [InlineData(new byte[] { (byte)'X', 255, 255, 255, 127 }, "is cut off")]
    [InlineData(new byte[] { 0x8a, 9, 0, 0, 0, 0, 0, 0, 0, 0, 1 }, "does not hold weights")]
    [InlineData(new byte[] { 0x8b, 255, 255, 255, 127 }, "is cut off")] // LONG4
    [InlineData(new byte[] { 0x96, 255, 255, 255, 255, 255, 255, 255, 255 }, "is cut off")] // BYTEARRAY8
    [InlineData(new byte[] { (byte)'N' }, "does not hold weights")]
    [InlineData(new byte[] { (byte)'K', 1, (byte)')', (byte)'R' }, "calls something that is not a function")]
    public void Any_other_pickle_is_refused(byte[] pickle, string message) =>
        AssertRefused(Save(new PickleWriter().Raw(pickle)), message);

    [Theory]
    [InlineData(3, 0, new long[] { 2, 2 }, new long[] { 2, 1 }, "reaches element 3 of 3")]
    [InlineData(4, 1, new long[] { 2, 2 }, new long[] { 2, 1 }, "reaches element 4 of 4")]
    [InlineData(4, 0, new long[] { 2, 2 }, new long[] { 9, 1 }, "reaches element 10 of 4")]
    [InlineData(4, 0, new long[] { 2 }, new long[] { long.MaxValue }, "reaches element 9223372036854775807 of 4")]
    [InlineData(4, -1, new long[] { 2 }, new long[] { 1 }, "negative offset or stride")]
    [InlineData(4, 3, new long[] { 2 }, new long[] { -1 }, "negative offset or stride")]
    [InlineData(4, 0, new long[] { 2 }, new long[] { 1, 1 }, "2 strides")]
    [InlineData(4, 0, new long[] { -2 }, new long[] { 1 }, "holds only 4 elements")]
    [InlineData(4, 0, new long[] { 1L << 40 }, new long[] { 0 }, "a view that repeats 16 bytes")]
    public void A_view_outside_its_storage_is_refused(
        long elements,
        long offset,
        long[] shape,
        long[] strides,
        string message
    ) =>
        AssertRefused(
            Save(
                Dict().Text("a").Tensor("FloatStorage", "0", elements, offset, shape, strides).EndDict(),
                ("data/0", new byte[elements * 4])
            ),
            message
        );

    [Theory]
    [InlineData("data/0", 8, "has 8 bytes for 'a', which says 4 × 4")]
    [InlineData("data/1", 16, "has no file weights/data/0 for 'a'")]
    [InlineData("constants.pkl", 4, "is a TorchScript module, not a state dict")]
    public void Files_that_do_not_fit_the_pickle_are_refused(string file, int bytes, string message) =>
        AssertRefused(
            Save(Dict().Text("a").Tensor("FloatStorage", "0", 4, 0, [4], [1]).EndDict(), (file, new byte[bytes])),
            message
        );

    [Fact]
    public void An_unknown_storage_type_is_refused() =>
        AssertRefused(
            Save(
                Dict().Text("a").Tensor("ComplexFloatStorage", "0", 1, 0, [1], [1]).EndDict(),
                ("data/0", new byte[8])
            ),
            "torch.ComplexFloatStorage"
        );

    [Fact]
    public void Values_without_a_tensor_among_them_are_refused() =>
        AssertRefused(Save(Dict().Text("learning rate").Number(1).EndDict()), "does not hold weights that are read");

    [Fact]
    public void Numbers_that_unfold_are_refused()
    {
        using var memory = new MemoryStream();
        using (var archive = new ZipArchive(memory, ZipArchiveMode.Create))
        {
            Add(
                "w/data.pkl",
                Dict().Text("a").Tensor("FloatStorage", "0", 1 << 20, 0, [1 << 20], [1]).EndDict().Op('.').Bytes,
                CompressionLevel.NoCompression
            );
            Add("w/data/0", new byte[4 << 20], CompressionLevel.SmallestSize);

            void Add(string name, byte[] content, CompressionLevel level)
            {
                using var stream = archive.CreateEntry(name, level).Open();
                stream.Write(content);
            }
        }

        AssertRefused(_directory.Write("packed.pt", memory.ToArray()), "has packed numbers for 'a'");
    }

    [Fact]
    public void A_zip_of_something_else_is_refused()
    {
        using var memory = new MemoryStream();
        using (var archive = new ZipArchive(memory, ZipArchiveMode.Create))
            archive.CreateEntry("readme.txt").Open().Dispose();

        AssertRefused(_directory.Write("other.zip", memory.ToArray()), "not a PyTorch checkpoint");
    }

    [Fact]
    public void The_format_before_PyTorch_1_6_is_named() =>
        AssertRefused(_directory.Write("old.pt", [0x80, 0x02, 0x8a, 0x0a, 0x6c, 0xfc]), "old format (before 1.6)");

    [Fact]
    public void A_file_cut_off_or_damaged_anywhere_is_refused_or_read_but_never_crashes()
    {
        using var scope = NewDisposeScope();
        var whole = File.ReadAllBytes(
            Save(
                Dict().Text("a").Tensor("FloatStorage", "0", 6, 0, [3, 2], [1, 3]).EndDict(),
                ("data/0", Floats(0, 1, 2, 3, 4, 5))
            )
        );
        for (var length = 4; length < whole.Length; length++)
            AssertRefused(_directory.Write("cut.pt", whole[..length]), "");

        for (var at = 4; at < whole.Length; at++)
        {
            var damaged = (byte[])whole.Clone();
            damaged[at] ^= 0xff;
            var path = _directory.Write("damaged.pt", damaged);
            if (Record.Exception(() => ReadAll(path)) is { } error)
                Assert.IsType<CheckpointException>(error);
        }
    }

    private static void ReadAll(string path)
    {
        using var scope = NewDisposeScope();
        using var checkpoint = Checkpoint.Open(path);
        foreach (var name in checkpoint.Tensors.Keys)
            checkpoint.ReadTensor(name);
    }

    private static PickleWriter Dict() =>
        new PickleWriter().Global("collections", "OrderedDict").Op(')').Op('R').Op('(');

    private static byte[] Floats(params float[] values) => MemoryMarshal.AsBytes<float>(values).ToArray();

    private string Save(PickleWriter pickle, params (string Name, byte[] Content)[] files) =>
        _directory.Write("weights.pt", pickle.ToArchive(files));

    private static void AssertRefused(string path, string message)
    {
        var error = Assert.Throws<CheckpointException>(() => Checkpoint.Open(path).Dispose());
        Assert.StartsWith(path, error.Message, StringComparison.Ordinal);
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }
}
