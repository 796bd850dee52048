/** The address of a picture for `<img>`, for as long as the component stands. */
import { onBeforeUnmount, ref, type Ref } from "vue";

/** `show` puts another in its place; nothing: "". */
export function useBlobAddress(): { address: Ref<string>; show: (bytes?: Blob | null) => void } {
  const address = ref("");
  function show(bytes?: Blob | null): void {
    if (address.value) URL.revokeObjectURL(address.value);
    address.value = bytes ? URL.createObjectURL(bytes) : "";
  }
  onBeforeUnmount(() => show());
  return { address, show };
}
