<?php
/**
 * WooCommerce: put this at the end of the child theme's functions.php, or into a snippets plugin.
 * Put your service's address in place of https://look.shop.example, and your shop's in the service:
 * THATLOOK_SERVE_CORS_ORIGINS=https://your-shop.example.
 */
add_action(
	'woocommerce_after_single_product',
	function () {
		global $product;
		?>
<script
  src="https://look.shop.example/embed.js"
  data-image=".woocommerce-product-gallery__image img"
  data-product="<?php echo esc_attr( $product->get_sku() ); ?>"
  data-k="4"
  async
></script>
		<?php
	}
);
